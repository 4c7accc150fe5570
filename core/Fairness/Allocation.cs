using TokenLedger.Contracts;

namespace TokenLedger.Core.Fairness;

/// <summary>What an entitlement brings to the division of a pool.</summary>
/// <param name="Rank">Its place in the order of grants, which decides between equals. No two have the same.</param>
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
    /// <param name="lending">The part of idle guaranteed baselines that others use meanwhile, 0 to 1.</param>
    /// <returns>In the order of the claims. Neither depends on that order.</returns>
    public static Allotment[] Divide(Capacity capacity, double lending, IReadOnlyList<Claim> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        var order = Enumerable.Range(0, claims.Count).OrderByDescending(i => claims[i].Weight).ThenBy(i => claims[i].Rank).ToArray();
        var sorted = Array.ConvertAll(order, i => claims[i]);
        Dimension[] dimensions =
        [
            new(sorted, lending, capacity.TokensPerSecond, c => c.TokensPerSecond),
            new(sorted, lending, capacity.KvCacheBytes, c => c.KvCacheBytes),
            new(sorted, lending, capacity.Sequences, c => c.Sequences),
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

    private static void Fill(Claim[] claims, double[] factors, Dimension[] dimensions)
    {
        Rise(dimensions, claims.Length, i => claims[i].IsMeasured ? BaselinePart(dimensions, i) : 0, (i, rooms) => claims[i].Weight * factors[i] * Smallest(dimensions, d => dimensions[d].Baseline[i] / rooms[d][i]));
        Rise(dimensions, claims.Length, i => claims[i].OwedTokens > 0 ? 1 : 0, (i, rooms) => claims[i].OwedTokens * Smallest(dimensions, d => dimensions[d].Capacity / rooms[d][i]));
        Rise(dimensions, claims.Length, i => claims[i].MayBurst ? 1 : 0, (i, rooms) => claims[i].Weight * Smallest(dimensions, d => dimensions[d].Capacity / rooms[d][i]));
    }

    /// <summary>Lets shares rise towards a part of what each wants, in all dimensions in step, until everyone is there or can rise no further.</summary>
    /// <param name="part">Of what it wants, 0 to 1.</param>
    /// <param name="speed">Given the claim and the room that is left to it in each dimension.</param>
    private static void Rise(Dimension[] dimensions, int claims, Func<int, double> part, Func<int, double[][], double> speed)
    {
        var rooms = Array.ConvertAll(dimensions, d => new double[claims]);
        var speeds = new double[claims];
        var stopped = new bool[claims];
        foreach (var _ in dimensions)
        {
            for (var i = 0; i < claims; i++)
            {
                var (target, rises) = (stopped[i] ? 0 : part(i), false);
                for (var d = 0; d < dimensions.Length; d++)
                    rises |= (rooms[d][i] = Math.Max(0, target * dimensions[d].Wanted[i] - dimensions[d].Shares[i])) > 0;
                speeds[i] = rises ? speed(i, rooms) : 0;
            }
            var levels = new double[dimensions.Length];
            for (var d = 0; d < levels.Length; d++) levels[d] = WaterFilling.Level(Math.Max(0, dimensions[d].Left), speeds, rooms[d]);
            var level = levels.Min();
            for (var i = 0; i < claims; i++)
                for (var d = 0; d < levels.Length; d++)
                {
                    if (speeds[i] > 0 && rooms[d][i] > 0) dimensions[d].Give(i, rooms[d][i] * Math.Min(1, speeds[i] * level));
                    // Who needs a dimension that is used up can use no more of the others either.
                    stopped[i] |= levels[d] <= level && rooms[d][i] > 0;
                }
            if (double.IsPositiveInfinity(level)) return;
        }
    }

    /// <summary>The part of its demand that its baselines cover, where it has any.</summary>
    private static double BaselinePart(Dimension[] dimensions, int claim)
    {
        var (part, any) = (1.0, false);
        foreach (var d in dimensions)
            if (d.Baseline[claim] > 0 && d.Wanted[claim] > 0) (part, any) = (Math.Min(part, (double)d.Baseline[claim] / d.Wanted[claim]), true);
        return any ? part : 0;
    }

    /// <summary>The slowest dimension sets the pace; those that do not count give infinity or nothing.</summary>
    private static double Smallest(Dimension[] dimensions, Func<int, double> of)
    {
        var smallest = double.PositiveInfinity;
        for (var d = 0; d < dimensions.Length; d++)
            if (of(d) is > 0 and var value) smallest = Math.Min(smallest, value);
        return double.IsPositiveInfinity(smallest) ? 0 : smallest;
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
