using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Fairness;

/// <summary>One entitlement's part of a tick, before the pool is divided.</summary>
/// <param name="Claim">What it brings to the division.</param>
/// <param name="Demand">Tokens that it would have used, had nothing limited it.</param>
internal sealed record EntitlementTick(Entitlement Entitlement, Claim Claim, long Demand, long Received, double NewDebt, double NewBurst, long Forgiven)
{
    /// <summary>An average below this has all but died away and is zero, so that a quiet pool falls silent.</summary>
    private const double Faint = FairnessNews.Step / 2;

    public static EntitlementTick Of(
        FairnessState state, Entitlement entitlement, int rank, (DateTimeOffset Last, DateTimeOffset Now) tick, double meanTarget,
        (double TokensPerSecond, double KvCacheBytes, double Sequences) nominal)
    {
        var (terms, service) = (entitlement.Terms, state.Accounting[entitlement.Id]);
        var (before, baseline, elapsed) = (state.Shares.GetValueOrDefault(entitlement.Id), terms.Baseline, (tick.Now - tick.Last).TotalSeconds);
        var wanted = service.WaitedOver(elapsed);
        var (received, waited) = service.Tell();
        if (waited > 0 || received > 0) service.AskedAt = tick.Now;

        var (debt, owed, forgiven) = (0.0, 0L, 0L);
        if (terms.ServiceClass == ServiceClass.Elastic)
        {
            debt = Settle(Debt.Next(before?.Debt ?? 0, Debt.Gap(baseline.TokensPerSecond, (received + waited) / elapsed, received / elapsed)));
            var due = Owed.Due(baseline.TokensPerSecond, tick.Last, tick.Now);
            (owed, forgiven) = Owed.Next(before?.OwedTokens ?? 0, due, received + waited, received, baseline.TokensPerSecond);
        }
        var burst = Settle(Burst.Next(before?.Burst ?? 0,
            Burst.Excess(received / elapsed, baseline.TokensPerSecond, nominal.TokensPerSecond)
            + Burst.Excess(entitlement.Held.KvCacheBytes, baseline.KvCacheBytes, nominal.KvCacheBytes)
            + Burst.Excess(entitlement.Held.Sequences, baseline.Sequences, nominal.Sequences)));
        var weight = PriorityWeight.Of(terms.ServiceClass, terms.SloTargetMs, meanTarget, burst, debt);
        var demand = Math.Max(0, received + waited);
        var claim = new Claim(rank, terms.ServiceClass, entitlement.HasFloor, baseline, DemandOf(entitlement, wanted, state.Pool, demand / elapsed), weight, owed);
        return new(entitlement, claim, demand, received, debt, burst, forgiven);
    }

    /// <summary>The state after the tick.</summary>
    public FairnessShare Share(Capacity limits) => new(Entitlement.Id, Demand, Received, NewDebt, NewBurst, Claim.Weight, limits, Claim.OwedTokens, Forgiven);

    /// <summary>Tokens as they came over the tick; KV bytes and sequences as they are held at its end and were waited for.</summary>
    private static Capacity DemandOf(Entitlement entitlement, (long Requests, Int128 Tokens) waited, PoolState pool, double tokensPerSecond) => new(
        (long)Math.Min(Math.Ceiling(tokensPerSecond), MostLong),
        (long)Int128.Min(long.MaxValue, entitlement.Held.KvCacheBytes + waited.Tokens * pool.Settings!.KvBytesPerToken),
        (int)Math.Min(int.MaxValue, entitlement.Held.Sequences + waited.Requests));

    /// <summary>The largest double that is a long.</summary>
    private const double MostLong = 9_223_372_036_854_774_784;

    private static double Settle(double value) => Math.Abs(value) < Faint ? 0 : value;
}
