using System.Diagnostics;
using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>
/// Limits without a dynamic division (domain.md §6): what the policies other than weighted-share hold an entitlement to, and what weighted-share begins with until
/// a fairness tick divides anew.
/// </summary>
public static class StaticLimits
{
    /// <summary>What an entitlement may use of the pool as it is now.</summary>
    public static Capacity For(Entitlement entitlement, PoolState pool)
    {
        ArgumentNullException.ThrowIfNull(entitlement);
        ArgumentNullException.ThrowIfNull(pool);
        if (!entitlement.IsServed || pool.Settings is null) return default;
        // A degraded guaranteed entitlement has no floor: its limit is no larger than what no floor keeps.
        return entitlement.Terms.ServiceClass == ServiceClass.Guaranteed && pool.KeepsFloors && !entitlement.HasFloor
            ? Capacity.Min(entitlement.Terms.Baseline, pool.Capacity.Less(pool.KeptFloors))
            : Of(entitlement, pool, pool.Capacity);
    }

    /// <summary>The most it could ever use: with the pool at its largest and empty.</summary>
    internal static Capacity Reach(Entitlement entitlement, PoolState pool) => Of(entitlement, pool, pool.LargestCapacity);

    private static Capacity Of(Entitlement entitlement, PoolState pool, Capacity whole)
    {
        var (serviceClass, baseline) = (entitlement.Terms.ServiceClass, entitlement.Terms.Baseline);
        return (pool.Settings!.Policy, serviceClass) switch
        {
            (AdmissionPolicy.AdmitAll, _) => whole,
            (AdmissionPolicy.RateLimit, _) => OwnOrShare(baseline, whole.Less(pool.Promised), pool.Sharers),
            (_, ServiceClass.Guaranteed) => baseline,
            (AdmissionPolicy.Threshold, _) => whole,
            (AdmissionPolicy.WeightedShare, ServiceClass.Dedicated) when entitlement.HasFloor => baseline + whole.Less(pool.KeptFloors),
            (AdmissionPolicy.WeightedShare, _) => whole.Less(pool.KeptFloors),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>The baseline; in a dimension without one, an equal part of what no baseline promises.</summary>
    private static Capacity OwnOrShare(Capacity own, Capacity left, Capacity sharers) => new(
        own.TokensPerSecond > 0 ? own.TokensPerSecond : left.TokensPerSecond / Math.Max(1, sharers.TokensPerSecond),
        own.KvCacheBytes > 0 ? own.KvCacheBytes : left.KvCacheBytes / Math.Max(1, sharers.KvCacheBytes),
        own.Sequences > 0 ? own.Sequences : left.Sequences / Math.Max(1, sharers.Sequences));
}
