using TokenLedger.Contracts.Http;

namespace TokenLedger.Core.Pools;

/// <summary>A pool as the API shows it, now or as it was.</summary>
public static class PoolViews
{
    /// <exception cref="ArgumentException">The pool has not been opened.</exception>
    public static PoolView Of(PoolState pool, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(pool);
        var settings = pool.Settings ?? throw new ArgumentException($"Pool '{pool.Id}' has not been opened.", nameof(pool));
        var (capacity, committed, held) = (pool.Capacity, pool.Committed, pool.Held);
        // Floors are kept in buckets of their own, so what can be admitted now is the surplus and what the floors still have; what is lent of them is in the surplus.
        var tokens = Math.Max(0, pool.Surplus.TokensAt(now)) + pool.Entitlements.Values.Where(pool.KeepsFloor).Sum(e => FloorTokens(e, now) is var own ? own - pool.Lent(e, own) : 0);
        return new(
            pool.Id, settings.Model, pool.Replicas, settings.PerReplica, settings.KvBytesPerToken, settings.DefaultMaxOutputTokens,
            settings.BurstSeconds, settings.LeaseSeconds, settings.Policy, settings.Shadow, settings.TickMs, settings.Scaling with { Rules = settings.Scaling.Rules ?? new() },
            new(
                new(capacity.TokensPerSecond, committed.TokensPerSecond, held.Tokens, tokens),
                new(capacity.KvCacheBytes, committed.KvCacheBytes, held.KvCacheBytes, Math.Max(0, capacity.KvCacheBytes - held.KvCacheBytes)),
                new(capacity.Sequences, committed.Sequences, held.Sequences, Math.Max(0, capacity.Sequences - held.Sequences))),
            pool.Open.Count, [.. pool.Entitlements.Values.Select(Of)], pool.Version,
            settings.Lending, settings.Queue ?? new(), pool.Waiting.Count, settings.Estimation ?? new(Enabled: false));
    }

    private static long FloorTokens(Entitlement entitlement, DateTimeOffset now) =>
        Math.Max(0, (entitlement.Baseline.Rate > 0 ? entitlement.Baseline : entitlement.Rate).TokensAt(now));

    private static EntitlementView Of(Entitlement e) => new(
        e.Id, e.Terms.Tenant, e.Terms.ServiceClass, e.State, e.Terms.SloTargetMs, e.Terms.Baseline, e.Limits, e.Held,
        e.Debt, e.Burst, e.Weight, e.Terms.ValidFrom, e.Terms.ValidTo, [.. e.Keys], e.Terms.Budget, e.ExhaustedUntil);
}
