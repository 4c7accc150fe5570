namespace TokenLedger.Core.Pools;

/// <summary>How long a request is expected to hold its sequence (domain.md §5.2): as long as those before it did.</summary>
internal static class ExpectedHold
{
    /// <summary>
    /// Before any has ended: as long as its tokens take at the speed that a full pool gives each sequence, m = (tokens held / sequences held) · sequences / Λ, at most a lease.
    /// </summary>
    /// <param name="of">Whose requests; null for all of the pool.</param>
    public static RetryWait Of(PoolState pool, Entitlement? of)
    {
        if ((of?.MeanHold ?? pool.MeanHold) is { } mean) return new(mean, RetryBasis.MeanHold);
        var (held, capacity, lease) = (of?.Held ?? pool.Held, pool.Capacity, (double)pool.Settings!.LeaseSeconds);
        var seconds = held.Sequences == 0 || capacity.TokensPerSecond == 0 ? lease : (double)held.Tokens / held.Sequences * capacity.Sequences / capacity.TokensPerSecond;
        return new(TimeSpan.FromSeconds(Math.Min(lease, seconds)), RetryBasis.NominalHold);
    }
}
