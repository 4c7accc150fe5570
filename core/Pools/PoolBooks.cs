using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>Closing a pool's books writes its whole state down; opening them starts from that instead of from the stream's beginning. Both give the same decisions.</summary>
internal static class PoolBooks
{
    public static PoolDecision Decide(PoolState pool, DateTimeOffset now)
    {
        // A change that the calendar calls for is made first: it would be forgotten by a state that does not know since when it is due.
        if (pool.NextCalendarChange <= now) return PoolDecision.Nothing(new Done(Created: false, Changed: false));
        var closed = new BooksCarriedForward(
            pool.Id, pool.Version, pool.Settings!, pool.Replicas, pool.CapacityPosition, pool.LimitsPosition, pool.Surplus.Carry(), pool.Account.Carry(),
            [.. pool.Entitlements.Values.Select(Carry)], [.. pool.Open.Values.OrderBy(r => r.AdmittedAt).ThenBy(r => r.Request.Value).Select(Carry)], [.. pool.Deferred.Values],
            pool.Waiting.Carry(), pool.Waiting.Turn, pool.Returns.Carry(), pool.MeanHold?.Ticks, pool.Estimates.Learned > 0 ? pool.Estimates.Carry() : null);
        return new([closed], new Done(Created: false, Changed: true));
    }

    /// <summary>Fills a state that is still empty. One that followed the stream to here holds all this already.</summary>
    public static void Open(PoolState pool, BooksCarriedForward e)
    {
        if (pool.Settings is not null) return;
        (pool.Settings, pool.Replicas, pool.CapacityPosition, pool.LimitsPosition, pool.Version) = (e.Settings, e.Replicas, e.CapacityPosition, e.LimitsPosition, e.Events);
        pool.Surplus.Open(e.Surplus);
        pool.Account.Open(e.Account);
        foreach (var carried in e.Entitlements) pool.Entitlements.Add(carried.Entitlement, Open(carried));
        foreach (var carried in e.Open)
        {
            pool.Open.Add(carried.Request, new(carried.Request, pool.Entitlements[carried.Entitlement], carried.Reserved, carried.InputTokens, carried.SurplusTokens, carried.AdmittedAt)
            {
                Outstanding = carried.Outstanding,
                ExpiresAt = carried.ExpiresAt,
                IsShadow = carried.Shadow,
                Workload = carried.Workload,
                IsEstimated = carried.Estimated,
            });
            if (carried.Shadow && e.Settings.Shadow) PoolBalance.Overlook(pool, pool.Entitlements[carried.Entitlement], carried.Outstanding);
            pool.Leases.Enqueue(carried.Request, carried.ExpiresAt);
        }
        foreach (var deferred in e.Deferred) pool.Deferred.Add(deferred.Request, deferred);
        pool.Waiting.Open(e.Waiting, e.WaitingTurn, pool);
        pool.Returns.Open(e.Returns, pool);
        pool.Estimates.Open(e.Estimates);
        pool.MeanHold = e.MeanHoldTicks is { } ticks ? new TimeSpan(ticks) : null;
    }

    private static CarriedEntitlement Carry(Entitlement e) => new(
        e.Id, e.Terms, e.State, [.. e.Keys], e.Limits, e.Debt, e.Burst, e.Weight, e.Rate.Carry(), e.Baseline.Carry(), e.Account.Carry(), e.MeanHold?.Ticks, e.OwedTokens, e.Returns, e.ExhaustedUntil);

    private static CarriedReservation Carry(Reservation r) =>
        new(r.Request, r.Entitlement.Id, r.Reserved, r.Outstanding, r.InputTokens, r.SurplusTokens, r.AdmittedAt, r.ExpiresAt, r.IsShadow, r.Workload, r.IsEstimated);

    private static Entitlement Open(CarriedEntitlement carried)
    {
        var entitlement = new Entitlement(carried.Entitlement, carried.Terms)
        {
            State = carried.State,
            Limits = carried.Limits,
            Debt = carried.Debt,
            Burst = carried.Burst,
            Weight = carried.Weight,
            OwedTokens = carried.OwedTokens,
            MeanHold = carried.MeanHoldTicks is { } ticks ? new TimeSpan(ticks) : null,
            Returns = carried.Returns,
            ExhaustedUntil = carried.ExhaustedUntil,
        };
        entitlement.Keys.AddRange(carried.Keys);
        entitlement.Rate.Open(carried.Rate);
        entitlement.Baseline.Open(carried.Baseline);
        entitlement.Account.Open(carried.Account);
        return entitlement;
    }
}
