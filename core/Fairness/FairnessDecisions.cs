using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Fairness;

/// <summary>The fairness tick: debt, burst, weight, what is owed and the effective limits of every served entitlement, from what it asked for and got (docs/domain.md §3 and §6).</summary>
public static class FairnessDecisions
{
    /// <summary>So long after the last publication the state of those who asked for something is published again, changed or not: silence then means that nobody asks, or that nobody ticks.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);

    /// <summary>Closes the tick that began at the last one.</summary>
    /// <returns>What to publish: the entitlements that changed; null when none did, or when this is the first tick and only starts the clock.</returns>
    public static LimitsAdjusted? Tick(FairnessState state, DateTimeOffset now) => Tick(state, now, LongestSilence);

    /// <inheritdoc cref="Tick(FairnessState, DateTimeOffset)"/>
    /// <param name="longestSilence">Instead of <see cref="LongestSilence"/>.</param>
    public static LimitsAdjusted? Tick(FairnessState state, DateTimeOffset now, TimeSpan longestSilence)
    {
        ArgumentNullException.ThrowIfNull(state);
        var again = now - state.PublishedAt >= longestSilence;
        var news = new List<FairnessShare>();
        foreach (var entitlement in Advance(state, now))
        {
            var share = state.Shares[entitlement.Id];
            if ((again && state.Accounting[entitlement.Id].AskedAt > state.PublishedAt) || FairnessNews.IsNews(state.Published.GetValueOrDefault(entitlement.Id), share, entitlement))
                news.Add(share);
        }
        if (news.Count == 0) return null;
        state.Publish(news, now);
        return new(state.Pool.Id, state.Position, news);
    }

    /// <summary>Makes a tick without publishing it.</summary>
    /// <returns>The entitlements whose state it moved on, which are all that are served; nothing when there was no tick to make: the first only starts the clock, and time must have passed.</returns>
    internal static IReadOnlyList<Entitlement> Advance(FairnessState state, DateTimeOffset now)
    {
        var pool = state.Pool;
        if (state.TickedAt is not { } last)
        {
            // What came before cannot be told as a rate, for it is not known since when it was counted.
            state.Begin(now);
            return [];
        }
        if (pool.Settings is null || now <= last) return [];

        state.Accounting.Look(now);
        var served = pool.Entitlements.Values.Where(e => e.IsServed).ToList();
        var meanTarget = served.Count == 0 ? 1 : served.Average(e => (double)e.Terms.SloTargetMs);
        var nominal = Nominal(pool.Capacity, Math.Max(1, served.Count));
        var ticks = new EntitlementTick[served.Count];
        for (var i = 0; i < ticks.Length; i++) ticks[i] = EntitlementTick.Of(state, served[i], i, (last, now), meanTarget, nominal);
        foreach (var (tick, limits) in ticks.Zip(Limits(pool, ticks))) state.Shares[tick.Entitlement.Id] = tick.Share(limits);
        state.EndTick(now);
        return served;
    }

    /// <summary>Effective limits: divided anew under weighted-share, else the policy's static ones.</summary>
    private static IEnumerable<Capacity> Limits(PoolState pool, EntitlementTick[] ticks) => pool.Settings!.Policy == AdmissionPolicy.WeightedShare
        ? Allocation.Divide(pool.Capacity, pool.Settings.Lending, Array.ConvertAll(ticks, tick => tick.Claim)).Select(allotment => allotment.Limit)
        : ticks.Select(tick => StaticLimits.For(tick.Entitlement, pool));

    /// <summary>What stands in for a baseline of 0: an equal part of the capacity.</summary>
    private static (double TokensPerSecond, double KvCacheBytes, double Sequences) Nominal(Capacity capacity, double parts) =>
        (capacity.TokensPerSecond / parts, capacity.KvCacheBytes / parts, capacity.Sequences / parts);

    /// <summary>Jain's index (Σx)² / (n·Σx²) over received ÷ entitled of those who asked for something: 1 is equal shares, 1/n one taker. 1 when nobody asked.</summary>
    public static double JainIndex(IEnumerable<double> shares)
    {
        var (n, sum, squares) = (0, 0.0, 0.0);
        foreach (var share in shares) (n, sum, squares) = (n + 1, sum + share, squares + share * share);
        return squares == 0 ? 1 : sum * sum / (n * squares);
    }
}
