using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Fairness;

/// <summary>The fairness tick: debt, burst and weight of every served entitlement from what it asked for and got (domain.md §3).</summary>
public static class FairnessDecisions
{
    /// <summary>Changes of debt or burst below this are kept but not published.</summary>
    public const double Step = 0.001;

    /// <summary>Closes the tick that began at the last one.</summary>
    /// <returns>What to publish: the entitlements that changed; null when none did, or when this is the first tick and only starts the clock.</returns>
    public static LimitsAdjusted? Tick(FairnessState state, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        var pool = state.Pool;
        if (state.TickedAt is not { } last)
        {
            // What came before cannot be told as a rate, for it is not known since when it was counted.
            state.Begin(now);
            return null;
        }
        var elapsed = (now - last).TotalSeconds;
        if (pool.Settings is null || elapsed <= 0) return null;

        var served = pool.Entitlements.Values.Where(e => e.IsServed).ToList();
        var meanTarget = served.Count == 0 ? 1 : served.Average(e => (double)e.Terms.SloTargetMs);
        var changed = new List<FairnessShare>();
        foreach (var entitlement in served)
        {
            var share = Next(state, entitlement, elapsed, meanTarget, served.Count);
            state.Shares[share.Entitlement] = share;
            if (!IsNews(state.Published.GetValueOrDefault(share.Entitlement), share, entitlement)) continue;
            state.Published[share.Entitlement] = share;
            changed.Add(share);
        }
        state.StartTick(now);
        return changed.Count == 0 ? null : new LimitsAdjusted(pool.Id, state.Position, changed);
    }

    private static FairnessShare Next(FairnessState state, Entitlement entitlement, double elapsed, double meanTarget, int served)
    {
        var count = state.Count(entitlement.Id);
        var before = state.Shares.GetValueOrDefault(entitlement.Id);
        var (terms, pool) = (entitlement.Terms, state.Pool);
        var received = count.Received / elapsed;

        var gap = Debt.Gap(terms.Baseline.TokensPerSecond, count.Demand / elapsed, received);
        var debt = terms.ServiceClass == ServiceClass.Elastic ? Settle(Debt.Next(before?.Debt ?? 0, gap)) : 0;
        var excess =
            Burst.Excess(received, terms.Baseline.TokensPerSecond, (double)pool.Capacity.TokensPerSecond / served)
            + Burst.Excess(entitlement.Held.KvCacheBytes, terms.Baseline.KvCacheBytes, (double)pool.Capacity.KvCacheBytes / served)
            + Burst.Excess(entitlement.Held.Sequences, terms.Baseline.Sequences, (double)pool.Capacity.Sequences / served);
        var burst = Settle(Burst.Next(before?.Burst ?? 0, excess));
        return new(
            entitlement.Id, count.Demand, count.Received, debt, burst,
            PriorityWeight.Of(terms.ServiceClass, terms.SloTargetMs, meanTarget, burst, debt), StaticLimits.For(entitlement, pool));
    }

    /// <summary>An average that has all but died away is zero, so that a quiet pool falls silent.</summary>
    private static double Settle(double value) => Math.Abs(value) < Step / 2 ? 0 : value;

    /// <summary>News is what differs from what was last published, or, before the first time, from what the pool starts with.</summary>
    private static bool IsNews(FairnessShare? published, FairnessShare share, Entitlement entitlement)
    {
        var (debt, burst, limits) = published is null ? (entitlement.Debt, entitlement.Burst, entitlement.Limits) : (published.Debt, published.Burst, published.Limits);
        return Moved(debt, share.Debt) || Moved(burst, share.Burst) || limits != share.Limits;
    }

    private static bool Moved(double before, double after) => Math.Abs(after - before) >= Step || (after == 0 && before != 0);

    /// <summary>Jain's index (Σx)² / (n·Σx²) over received ÷ entitled of those who asked for something: 1 is equal shares, 1/n one taker. 1 when nobody asked.</summary>
    public static double JainIndex(IEnumerable<double> shares)
    {
        var (n, sum, squares) = (0, 0.0, 0.0);
        foreach (var share in shares) (n, sum, squares) = (n + 1, sum + share, squares + share * share);
        return squares == 0 ? 1 : sum * sum / (n * squares);
    }
}
