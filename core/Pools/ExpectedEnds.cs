using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>
/// When enough of the requests that run will have ended (domain.md §5.2), in a pool or of one entitlement: the later of two estimates. By age, the k-th is the k-th of admission + mean hold.
/// By rate, n sequences that each change hands once in a mean hold m free k of themselves, in all likelihood, within (1.15·k + 1.5·√k)·m/n.
/// </summary>
internal sealed class ExpectedEnds
{
    /// <summary>Of so many requests the ages are looked at; of more, the rate alone tells.</summary>
    private const int MostByAge = 256;

    // Chosen by simulation: requests that last exponentially long, the hardest case, find room in eight cases of ten, those of one length always; the price is a tenth of the pool idle in between.
    private const double Slack = 1.15;
    private const double Deviations = 1.5;

    private readonly long[] _ticks = [];
    private readonly long[] _freedKv = [];
    private readonly Resources _held;
    private readonly double _sequences;
    private readonly RetryWait _hold;

    /// <param name="of">The entitlement; null for the whole pool.</param>
    /// <param name="free">What is free: it will be taken, and end as well.</param>
    public ExpectedEnds(PoolState pool, Entitlement? of, (long KvCacheBytes, int Sequences) free, DateTimeOffset now)
    {
        _held = of?.Held ?? pool.Held;
        // As many as run when all is taken: whichever of the two is short.
        _sequences = Math.Min(_held.Sequences + Math.Max(0, free.Sequences), _held.Sequences * (1 + (double)Math.Max(0, free.KvCacheBytes) / Math.Max(1, _held.KvCacheBytes)));
        _hold = ExpectedHold.Of(pool, of);
        if (pool.Open.Count > MostByAge) return;
        var running = pool.Open.Values.Where(r => of is null || r.Entitlement == of).ToArray();
        _ticks = [.. running.Select(r => Math.Max(0, (r.AdmittedAt + (r.Entitlement.MeanHold ?? _hold.Span) - now).Ticks))];
        _freedKv = [.. running.Select(r => r.Outstanding.KvCacheBytes)];
        Array.Sort(_ticks, _freedKv);
        for (var i = 1; i < _freedKv.Length; i++) _freedKv[i] += _freedKv[i - 1];
    }

    /// <summary>When so many sequences and KV bytes will be free.</summary>
    public RetryWait After(double sequences, double kvCacheBytes)
    {
        if (sequences <= 0 && kvCacheBytes <= 0) return default;
        if (_held.Sequences == 0) return new(AdmissionDecisions.RetryWithoutCapacity, RetryBasis.NothingKnown);
        var requests = Math.Max(sequences, kvCacheBytes <= 0 ? 0 : kvCacheBytes * _held.Sequences / Math.Max(1, _held.KvCacheBytes));
        var byRate = _hold.Span * ((Slack * requests + Deviations * Math.Sqrt(requests)) / _sequences);
        var byAge = ByAge(sequences, kvCacheBytes);
        return _hold with { Span = byRate > byAge ? byRate : byAge };
    }

    private TimeSpan ByAge(double sequences, double kvCacheBytes)
    {
        if (_ticks.Length == 0) return TimeSpan.Zero;
        var last = Math.Max(0, (int)Math.Min(Math.Ceiling(sequences), _ticks.Length) - 1);
        if (kvCacheBytes > 0)
        {
            var enough = Array.BinarySearch(_freedKv, (long)Math.Ceiling(kvCacheBytes));
            last = Math.Max(last, Math.Min(enough < 0 ? ~enough : enough, _ticks.Length - 1));
        }
        return new(_ticks[last]);
    }
}
