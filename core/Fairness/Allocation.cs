using System.Diagnostics;
using TokenLedger.Contracts;

namespace TokenLedger.Core.Fairness;

/// <summary>What an entitlement brings to the division of a pool.</summary>
/// <param name="Rank">Its place in the order of grants, which decides between equals: no two have the same, and none more than <see cref="Allocation.MostRank"/>.</param>
/// <param name="HasFloor">A reserved baseline that is in force.</param>
/// <param name="Demand">What it would use if nothing limited it.</param>
/// <param name="Weight">Priority weight, above 0.</param>
/// <param name="OwedTokens">Service owed to it; of elastic entitlements only.</param>
public sealed record Claim(int Rank, ServiceClass ServiceClass, bool HasFloor, Capacity Baseline, Capacity Demand, double Weight, long OwedTokens = 0)
{
    /// <summary>All but guaranteed entitlements use what others leave.</summary>
    public bool MayBurst => ServiceClass != ServiceClass.Guaranteed;

    /// <summary>A baseline that is measured and not reserved: an elastic one, or one that today's capacity does not hold.</summary>
    public bool IsMeasured => ServiceClass == ServiceClass.Elastic || (ServiceClass is ServiceClass.Dedicated or ServiceClass.Guaranteed && !HasFloor);
}

/// <summary>What an entitlement gets.</summary>
/// <param name="Share">Its part of the capacity: shares sum to the capacity in every dimension in which demand reaches it.</param>
/// <param name="Limit">What it may use until the next division: its share where demand reaches the capacity, elsewhere all that nobody reserves.</param>
public readonly record struct Allotment(Capacity Share, Capacity Limit);

/// <summary>
/// Divides a pool among its entitlements (docs/domain.md §6, ours): floors; then elastic baselines by weight and service owed; then what is owed; then the surplus by weight.
/// In each step everyone's share rises in all short dimensions together, in proportion to its demand, until one of them is used up: dominant-resource fairness.
/// </summary>
public static class Allocation
{
    /// <summary>Ranks are below this.</summary>
    public const int MostRank = (1 << 24) - 1;

    private static readonly Step[] s_steps = [Step.Baselines, Step.Owed, Step.Surplus];

    private enum Step { Baselines, Owed, Surplus }

    /// <param name="lending">The part of idle guaranteed baselines that others use meanwhile, 0 to 1.</param>
    /// <returns>In the order of the claims. Neither depends on that order.</returns>
    public static Allotment[] Divide(Capacity capacity, double lending, IReadOnlyList<Claim> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        var order = Order(claims);
        var sorted = Array.ConvertAll(order, i => claims[i]);
        Dimension[] dimensions =
        [
            new(sorted, (decimal)lending, capacity.TokensPerSecond, c => c.TokensPerSecond),
            new(sorted, (decimal)lending, capacity.KvCacheBytes, c => c.KvCacheBytes),
            new(sorted, (decimal)lending, capacity.Sequences, c => c.Sequences),
        ];
        var factors = Factors(sorted);
        var contended = Array.FindAll(dimensions, d => d.IsContended);
        if (contended.Length > 0) Fill(sorted, factors, contended);
        // What is left of a dimension is of no use without the other, but it is divided: nobody is limited where nothing is short.
        if (contended.Length > 1)
            foreach (var dimension in contended) Fill(sorted, factors, [dimension]);

        var parts = Array.ConvertAll(dimensions, d => d.Result());
        var allotments = new Allotment[claims.Count];
        for (var i = 0; i < order.Length; i++)
            allotments[order[i]] = new(
                new(parts[0].Shares[i], parts[1].Shares[i], (int)parts[2].Shares[i]),
                new(parts[0].Limits[i], parts[1].Limits[i], (int)parts[2].Limits[i]));
        return allotments;
    }

    /// <summary>The heavier first, and of equal ones the older: who comes first gets what cannot be divided.</summary>
    private static int[] Order(IReadOnlyList<Claim> claims)
    {
        var keys = new long[claims.Count];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = ((long.MaxValue - BitConverter.DoubleToInt64Bits(claims[i].Weight)) & ~(long)MostRank) | (uint)claims[i].Rank;
        var order = Enumerable.Range(0, keys.Length).ToArray();
        Array.Sort(keys, order);
        return order;
    }

    private static void Fill(Claim[] claims, double[] factors, Dimension[] dimensions)
    {
        var (speeds, stopped) = (new double[claims.Length], new bool[claims.Length]);
        foreach (var step in s_steps)
        {
            Array.Clear(stopped);
            Rise(step, claims, factors, dimensions, speeds, stopped);
        }
    }

    /// <summary>Lets shares rise towards what the step gives at the most, in all dimensions together, until everyone is there or can rise no further.</summary>
    private static void Rise(Step step, Claim[] claims, double[] factors, Dimension[] dimensions, double[] speeds, bool[] stopped)
    {
        foreach (var _ in dimensions)
        {
            // Where nothing is left every level is 0 and nobody rises.
            if (Array.TrueForAll(dimensions, d => d.Left <= 0)) return;
            var any = false;
            for (var i = 0; i < claims.Length; i++)
            {
                var part = stopped[i] ? 0 : Part(step, claims[i], dimensions, i);
                foreach (var d in dimensions) d.Room[i] = Math.Max(0, part * d.Wanted[i] - d.Shares[i]);
                speeds[i] = part > 0 ? Speed(step, claims[i], factors[i], dimensions, i) : 0;
                any |= speeds[i] > 0;
            }
            if (!any) return;
            var levels = new double[dimensions.Length];
            for (var d = 0; d < levels.Length; d++) levels[d] = WaterFilling.Level(Math.Max(0, dimensions[d].Left), speeds, dimensions[d].Room);
            var level = levels.Min();
            for (var d = 0; d < levels.Length; d++)
                for (var i = 0; i < claims.Length; i++)
                {
                    var room = dimensions[d].Room[i];
                    if (speeds[i] > 0 && room > 0) dimensions[d].Give(i, room * Math.Min(1, speeds[i] * level));
                    // Who needs a dimension that is used up can use no more of the others either.
                    stopped[i] |= levels[d] <= level && room > 0;
                }
            if (double.IsPositiveInfinity(level)) return;
        }
    }

    /// <summary>Up to which part of what it wants a step lets a claim rise: as far as its baselines cover it, or all the way.</summary>
    private static double Part(Step step, Claim claim, Dimension[] dimensions, int i)
    {
        if (step != Step.Baselines) return (step == Step.Owed ? claim.OwedTokens > 0 : claim.MayBurst) ? 1 : 0;
        var (part, any) = (1.0, false);
        if (claim.IsMeasured)
            foreach (var d in dimensions)
                if (d.Baseline[i] > 0 && d.Wanted[i] > 0) (part, any) = (Math.Min(part, (double)d.Baseline[i] / d.Wanted[i]), true);
        return any ? part : 0;
    }

    /// <summary>How fast a claim fills its room: by weight and service owed in units of its baseline, by what it is owed or by weight in units of the capacity. The slowest dimension sets the pace.</summary>
    private static double Speed(Step step, Claim claim, double factor, Dimension[] dimensions, int i)
    {
        var slowest = double.PositiveInfinity;
        foreach (var d in dimensions)
        {
            var (room, unit) = (d.Room[i], step == Step.Baselines ? d.Baseline[i] : d.Capacity);
            if (room > 0 && unit > 0) slowest = Math.Min(slowest, unit / room);
        }
        if (double.IsPositiveInfinity(slowest)) return 0;
        return slowest * step switch
        {
            Step.Baselines => claim.Weight * factor,
            Step.Owed => claim.OwedTokens,
            Step.Surplus => claim.Weight,
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>What the share of each is multiplied by for the service it is owed, against the mean of the elastic ones.</summary>
    private static double[] Factors(Claim[] claims)
    {
        var elastic = Array.FindAll(claims, c => c.ServiceClass == ServiceClass.Elastic);
        if (Array.TrueForAll(elastic, c => c.OwedTokens == 0)) return [.. Enumerable.Repeat(1.0, claims.Length)];
        var mean = elastic.Average(Seconds);
        return Array.ConvertAll(claims, c => c.ServiceClass == ServiceClass.Elastic ? Owed.Factor(Seconds(c), mean) : 1);
    }

    private static double Seconds(Claim claim) => Owed.Seconds(claim.OwedTokens, claim.Baseline.TokensPerSecond);
}
