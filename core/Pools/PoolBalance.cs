using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;

namespace TokenLedger.Core.Pools;

/// <summary>Floors, limits and buckets as the pool's policy has them, and what requests take out of the buckets (domain.md §5 and §6).</summary>
internal static class PoolBalance
{
    /// <summary>After a change of settings, capacity, terms or state: floors, the surplus, and static limits until the next tick divides anew.</summary>
    public static void Rebalance(PoolState pool, DateTimeOffset at)
    {
        Sum(pool);
        pool.Waiting.Reorder();
        pool.NextCalendarChange = Binding.NextChange(pool.Entitlements.Values, at);
        // More floors than capacity last only until the next event of the same decision degrades one: no bucket is emptied for that.
        if (!pool.Floors.FitsIn(pool.Capacity)) return;
        pool.Surplus.SetRate(pool.Capacity.Less(pool.KeptFloors).TokensPerSecond, pool.Settings!.BurstSeconds, at);
        var served = pool.Entitlements.Values.Where(e => e.IsServed).ToList();
        var meanTarget = served.Count == 0 ? 1 : served.Average(e => (double)e.Terms.SloTargetMs);
        foreach (var e in pool.Entitlements.Values)
        {
            e.Weight = PriorityWeight.Of(e.Terms.ServiceClass, e.Terms.SloTargetMs, meanTarget, e.Burst, e.Debt);
            SetLimits(pool, e, StaticLimits.For(e, pool), at);
        }
        SortBusy(pool);
    }

    /// <summary>Another policy or another share that is lent uses the buckets otherwise, so they begin anew, full: debt that one policy allows locks nobody out under the next.</summary>
    public static void Switch(PoolState pool, PoolSettings settings)
    {
        var (before, openShadow) = (pool.Settings!, pool.Open.Values.Where(r => r.IsShadow));
        pool.Settings = settings;
        if (before.Policy != settings.Policy || before.Lending != settings.Lending)
        {
            pool.Surplus.StartAnew();
            foreach (var e in pool.Entitlements.Values)
            {
                e.Rate.StartAnew();
                e.Baseline.StartAnew();
            }
        }
        if (before.Shadow != settings.Shadow)
            foreach (var open in openShadow) Overlook(pool, open.Entitlement, settings.Shadow ? open.Outstanding : default(Resources) - open.Outstanding);
    }

    /// <summary>What sums over all entitlements, from the beginning.</summary>
    public static void Sum(PoolState pool)
    {
        var (floors, lendable, promised, sharers, idle) = (default(Capacity), default(Capacity), default(Capacity), default(Capacity), default(IdleFloor));
        var largest = pool.LargestCapacity;
        foreach (var e in pool.Entitlements.Values)
        {
            var baseline = e.Terms.Baseline;
            if (pool.KeepsFloor(e))
            {
                floors += baseline;
                lendable += new Capacity(pool.Lent(e, baseline.TokensPerSecond), pool.Lent(e, baseline.KvCacheBytes), (int)pool.Lent(e, baseline.Sequences));
                idle += pool.IdleFloorOf(e);
            }
            if (!e.IsServed) continue;
            // No more is promised than there could be: the baselines of classes without a floor may sum to anything.
            promised = Capacity.Min(largest, promised + Capacity.Min(largest, baseline));
            sharers += new Capacity(baseline.TokensPerSecond == 0 ? 1 : 0, baseline.KvCacheBytes == 0 ? 1 : 0, baseline.Sequences == 0 ? 1 : 0);
        }
        (pool.Floors, pool.Lendable, pool.Promised, pool.Sharers, pool.IdleFloors) = (floors, lendable, promised, sharers, idle);
    }

    /// <summary>After weights have changed: the entitlements with open requests by their weight, which only the threshold asks for.</summary>
    public static void SortBusy(PoolState pool)
    {
        pool.Busy.Clear();
        if (pool.Settings!.Policy == AdmissionPolicy.Threshold) pool.Busy.UnionWith(pool.Entitlements.Values.Where(e => e.InUse.Sequences > 0));
    }

    public static void SetLimits(PoolState pool, Entitlement entitlement, Capacity limits, DateTimeOffset at)
    {
        entitlement.Limits = limits;
        if (!entitlement.IsServed) return; // Its buckets start, full, when it is first served.
        entitlement.Rate.SetRate(limits.TokensPerSecond, pool.Settings!.BurstSeconds, at);
        var floor = pool.KeepsFloor(entitlement) && entitlement.Terms.ServiceClass == ServiceClass.Dedicated ? entitlement.Terms.Baseline.TokensPerSecond : 0;
        entitlement.Baseline.SetRate(floor, pool.Settings.BurstSeconds, at);
    }

    /// <summary>Enters an amount in the books of the pool and of an entitlement, and keeps the sums that go with it.</summary>
    /// <param name="posted">What <paramref name="post"/> is told to enter: every event comes here, so that nothing is captured.</param>
    /// <param name="overlooked">What the rules overlook from now on, as it is held in shadow.</param>
    public static void Post<T>(PoolState pool, Entitlement entitlement, T posted, Action<Account, T> post, Resources overlooked)
    {
        var (idle, wasBusy) = (pool.IdleFloorOf(entitlement), entitlement.InUse.Sequences > 0);
        post(pool.Account, posted);
        post(entitlement.Account, posted);
        (pool.Overlooked, entitlement.Overlooked) = (pool.Overlooked + overlooked, entitlement.Overlooked + overlooked);
        pool.IdleFloors += pool.IdleFloorOf(entitlement) - idle;
        var isBusy = entitlement.InUse.Sequences > 0;
        if (isBusy == wasBusy || pool.Settings!.Policy != AdmissionPolicy.Threshold) return;
        if (isBusy) pool.Busy.Add(entitlement);
        else pool.Busy.Remove(entitlement);
    }

    public static void Overlook(PoolState pool, Entitlement entitlement, Resources amount) => Post(pool, entitlement, amount, static (_, _) => { }, amount);

    /// <summary>Takes a request's tokens out of the buckets.</summary>
    /// <returns>How many of them came from the surplus.</returns>
    public static long Charge(PoolState pool, Entitlement entitlement, long tokens, DateTimeOffset at)
    {
        var fromSurplus = pool.SurplusCharge(entitlement, tokens, at);
        Charge(pool, entitlement, tokens, fromSurplus, at);
        return fromSurplus;
    }

    /// <summary>Corrects the buckets when a request ends: gives back what was charged too much, or takes, negative, what was charged too little.</summary>
    public static void Correct(PoolState pool, Reservation open, long refund, DateTimeOffset at)
    {
        if (refund < 0) Charge(pool, open.Entitlement, -refund, at);
        else Charge(pool, open.Entitlement, -refund, -SurplusPart(open, refund), at);
    }

    /// <summary>The surplus gets its own back first; from a guaranteed floor, which draws on it in part, its part.</summary>
    private static long SurplusPart(Reservation open, long refund) => open.Entitlement.Terms.ServiceClass == ServiceClass.Guaranteed && open.Reserved.Tokens > 0
        ? (long)((Int128)open.SurplusTokens * refund / open.Reserved.Tokens)
        : Math.Min(refund, open.SurplusTokens);

    private static void Charge(PoolState pool, Entitlement entitlement, long tokens, long fromSurplus, DateTimeOffset at)
    {
        entitlement.Rate.Charge(tokens, at);
        if (fromSurplus != 0) pool.Surplus.Charge(fromSurplus, at);
        if (entitlement.Baseline.Rate > 0) entitlement.Baseline.Charge(tokens - fromSurplus, at);
    }
}
