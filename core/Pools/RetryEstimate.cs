namespace TokenLedger.Core.Pools;

/// <summary>
/// When the first dimension that a refused request lacks will have room, if nobody else takes it (domain.md §5.2): what is told where no room is kept. Of requests that last as long as
/// those before, the share that must end has ended after that share of their mean hold.
/// </summary>
internal static class RetryEstimate
{
    public static RetryWait Of(in AdmissionCase request)
    {
        var (pool, entitlement, need, now) = (request.Pool, request.Entitlement, request.Need, request.Now);
        var (limits, own) = (entitlement.Limits, entitlement.InUse);
        if (own.Sequences + need.Sequences > limits.Sequences) return Ends(request, 1.0 / Math.Max(1, own.Sequences));
        if (!entitlement.Rate.Allows(need.Tokens, now)) return entitlement.Rate.TimeUntil(need.Tokens, now) is { } filled ? new(filled, RetryBasis.RateBucket) : Unknown;
        if (own.KvCacheBytes + need.KvCacheBytes > limits.KvCacheBytes)
            return Ends(request, (double)(own.KvCacheBytes + need.KvCacheBytes - limits.KvCacheBytes) / Math.Max(1, own.KvCacheBytes));

        var tokens = SurplusTokens(request, before: 0);
        var (kv, sequences) = pool.RoomFor(entitlement);
        var share = Math.Max((double)(need.KvCacheBytes - kv) / Math.Max(1, pool.InUse.KvCacheBytes), (double)(need.Sequences - sequences) / Math.Max(1, pool.InUse.Sequences));
        var ends = share <= 0 ? default : Ends(request, share);
        return ends.Span > tokens.Span ? ends : tokens;
    }

    /// <summary>When the pool has the tokens, on top of so many for others. What exceeds a dedicated floor waits for the surplus or for the floor's own bucket, whichever has it first.</summary>
    public static RetryWait SurplusTokens(in AdmissionCase request, long before)
    {
        var (pool, entitlement, tokens, now) = (request.Pool, request.Entitlement, request.Need.Tokens, request.Now);
        var shared = pool.Surplus.TimeUntil(pool.SurplusShare(entitlement, tokens, now), now, before) is { } surplus ? new(surplus, RetryBasis.SurplusBucket) : Unknown;
        return entitlement.Baseline.TimeUntil(tokens, now) is { } floor && floor < shared.Span ? new(floor, RetryBasis.FloorBucket) : shared;
    }

    public static RetryWait Unknown => new(AdmissionDecisions.RetryWithoutCapacity, RetryBasis.NothingKnown);

    private static RetryWait Ends(in AdmissionCase request, double share)
    {
        var hold = ExpectedHold.Of(request.Pool, request.Entitlement);
        return hold with { Span = hold.Span * Math.Min(1, share) };
    }
}
