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
}

/// <summary>What an entitlement gets.</summary>
/// <param name="Share">Its part of the capacity: shares sum to the capacity in every dimension in which demand does.</param>
/// <param name="Limit">What it may use until the next division: its share where demand reaches the capacity, elsewhere all that nobody reserves.</param>
public readonly record struct Allotment(Capacity Share, Capacity Limit);

/// <summary>Divides a pool among its entitlements (docs/domain.md §6, ours): floors, then elastic baselines by weight and service owed, then what is owed, then the surplus by weight.</summary>
public static class Allocation
{
    /// <param name="lending">The part of idle guaranteed baselines that others use meanwhile, 0 to 1.</param>
    /// <returns>In the order of the claims. Neither depends on that order.</returns>
    public static Allotment[] Divide(Capacity capacity, double lending, IReadOnlyList<Claim> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        var order = Enumerable.Range(0, claims.Count).OrderBy(i => claims[i].Rank).ToArray();
        var sorted = Array.ConvertAll(order, i => claims[i]);
        var factors = Factors(sorted);
        Dimension[] dimensions =
        [
            new(sorted, factors, lending, capacity.TokensPerSecond, c => c.TokensPerSecond),
            new(sorted, factors, lending, capacity.KvCacheBytes, c => c.KvCacheBytes),
            new(sorted, factors, lending, capacity.Sequences, c => c.Sequences),
        ];
        var contended = dimensions.Where(d => d.IsContended).ToArray();
        foreach (var dimension in contended) dimension.Fill([]);
        // What one dimension keeps an entitlement from using in another goes to those who can use it.
        if (contended.Length > 1)
            foreach (var dimension in contended) dimension.Fill([.. contended.Where(other => other != dimension)]);

        var parts = Array.ConvertAll(dimensions, d => d.Result());
        var allotments = new Allotment[claims.Count];
        for (var i = 0; i < order.Length; i++)
            allotments[order[i]] = new(
                new(parts[0].Shares[i], parts[1].Shares[i], (int)parts[2].Shares[i]),
                new(parts[0].Limits[i], parts[1].Limits[i], (int)parts[2].Limits[i]));
        return allotments;
    }

    /// <summary>What the share of each is multiplied by for the service it is owed, against the mean of the elastic ones.</summary>
    private static double[] Factors(Claim[] claims)
    {
        var elastic = claims.Where(c => c.ServiceClass == ServiceClass.Elastic).ToList();
        if (elastic.TrueForAll(c => c.OwedTokens == 0)) return [.. Enumerable.Repeat(1.0, claims.Length)];
        var mean = elastic.Average(Seconds);
        return Array.ConvertAll(claims, c => c.ServiceClass == ServiceClass.Elastic ? Owed.Factor(Seconds(c), mean) : 1);
    }

    private static double Seconds(Claim claim) => Owed.Seconds(claim.OwedTokens, claim.Baseline.TokensPerSecond);
}
