using TokenLedger.Contracts;
using TokenLedger.Core.Estimation;

namespace TokenLedger.Core.Pools;

/// <summary>How much output is reserved for a request: what it will not exceed with the pool's quantile as probability, at most its output limit, which is reserved until enough is known (domain.md §7).</summary>
internal static class OutputReservation
{
    /// <summary>An output limit that a request does not name is the pool's.</summary>
    public static long LimitOf(PoolState pool, Admit command) => command.MaxOutputTokens ?? pool.Settings!.DefaultMaxOutputTokens;

    public static long Of(PoolState pool, Entitlement entitlement, Admit command)
    {
        var limit = LimitOf(pool, command);
        return IsEstimated(pool) ? Math.Min(limit, pool.Estimates.Upper(entitlement.Terms.Tenant, command.Workload, command.InputTokens, Quantile(pool.Settings!.Estimation!))) : limit;
    }

    /// <summary>True once estimates are what is reserved.</summary>
    public static bool IsEstimated(PoolState pool) => pool.Settings!.Estimation is { Enabled: true } bounds && pool.Estimates.Learned >= bounds.MinSamples;

    /// <summary>A request that ended with its usage tells how long answers are, and whether its own was within what an estimate reserved.</summary>
    public static void Learn(PoolState pool, Reservation open, ReservationSettled e)
    {
        if (pool.Settings!.Estimation is not { Enabled: true } bounds) return;
        bool? within = open.IsEstimated ? e.OutputTokens <= open.Reserved.Tokens - open.InputTokens : null;
        pool.Estimates.Learn(open.Entitlement.Terms.Tenant, open.Workload, open.InputTokens, e.OutputTokens, within, Quantile(bounds));
    }

    private static long Quantile(EstimationBounds bounds) => (long)Math.Round(bounds.Quantile * OutputEstimates.One);
}
