using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Fairness;

/// <summary>What of a tick is worth publishing: a value that moved by its step, or came to zero or from it where that means something.</summary>
public static class FairnessNews
{
    /// <summary>Of debt and burst.</summary>
    public const double Step = 0.001;

    /// <summary>Of a limit in tokens/s or KV bytes, as a part of the larger one; sequences are told one by one.</summary>
    public const double LimitStep = 0.01;

    /// <summary>Of the service owed, in seconds of the baseline.</summary>
    public const double OwedStepSeconds = 1;

    /// <param name="published">What was last published; null when the pool itself tells.</param>
    public static bool IsNews(FairnessShare? published, FairnessShare share, Entitlement entitlement)
    {
        ArgumentNullException.ThrowIfNull(share);
        ArgumentNullException.ThrowIfNull(entitlement);
        var (debt, burst, owed, limits) = published is null
            ? (entitlement.Debt, entitlement.Burst, entitlement.OwedTokens, entitlement.Limits)
            : (published.Debt, published.Burst, published.OwedTokens, published.Limits);
        return Moved(debt, share.Debt) || Moved(burst, share.Burst) || share.ForgivenTokens > 0
            || (share.OwedTokens == 0 ? owed != 0 : Owed.Seconds(Math.Abs(share.OwedTokens - owed), entitlement.Terms.Baseline.TokensPerSecond) >= OwedStepSeconds)
            || limits.Sequences != share.Limits.Sequences || Moved(limits.TokensPerSecond, share.Limits.TokensPerSecond) || Moved(limits.KvCacheBytes, share.Limits.KvCacheBytes);
    }

    private static bool Moved(double before, double after) => Math.Abs(after - before) >= Step || (after == 0 && before != 0);

    private static bool Moved(long before, long after) =>
        before != after && (before == 0 || after == 0 || Math.Abs((double)after - before) >= LimitStep * Math.Max(before, after));
}
