using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Replay;

/// <summary>How much of a pool's capacity is in use over time: integrals over the whole, and the largest per interval.</summary>
internal sealed class UseOverTime(DateTimeOffset start, TimeSpan interval)
{
    private readonly List<TimelinePoint> _timeline = [];
    private readonly DateTimeOffset _start = start;
    private DateTimeOffset _at = start;
    private Resources _held;
    private Capacity _capacity;
    private int _mostSequences;
    private long _spent;
    private double _tokens, _tokenCapacity, _intervalCapacity, _kv, _kvCapacity, _sequences, _sequenceCapacity;
    private double _peakTokens, _peakKv, _peakSequences;

    public TimeSpan Interval => interval;

    public IReadOnlyList<TimelinePoint> Timeline => [.. _timeline, new(IntervalStart, _mostSequences, _capacity.Sequences)];

    public Utilisation Tokens => new(Share(_tokens, _tokenCapacity), Math.Max(_peakTokens, Share(_spent, _intervalCapacity + LeftOfInterval)));
    public Utilisation KvCacheBytes => new(Share(_kv, _kvCapacity), _peakKv);
    public Utilisation Sequences => new(Share(_sequences, _sequenceCapacity), _peakSequences);

    private DateTimeOffset IntervalStart => _start + _timeline.Count * interval;

    /// <summary>What the rate would still give until the interval is over: the last one is not shorter than the others.</summary>
    private double LeftOfInterval => _capacity.TokensPerSecond * (IntervalStart + interval - _at).TotalSeconds;

    /// <summary>What is held and what there is from now on.</summary>
    public void Set(PoolState pool, DateTimeOffset at)
    {
        AdvanceTo(at);
        (_held, _capacity) = (pool.Held, pool.Capacity);
        _mostSequences = Math.Max(_mostSequences, _held.Sequences);
        _peakKv = Math.Max(_peakKv, Share(_held.KvCacheBytes, _capacity.KvCacheBytes));
        _peakSequences = Math.Max(_peakSequences, Share(_held.Sequences, _capacity.Sequences));
    }

    public void Spend(long tokens, DateTimeOffset at)
    {
        AdvanceTo(at);
        _spent += tokens;
        _tokens += tokens;
    }

    private void AdvanceTo(DateTimeOffset at)
    {
        // A clock that was set back counts no time twice.
        for (var next = IntervalStart + interval; next <= at; next += interval)
        {
            Integrate(next);
            _peakTokens = Math.Max(_peakTokens, Share(_spent, _intervalCapacity));
            _timeline.Add(new(next - interval, _mostSequences, _capacity.Sequences));
            (_mostSequences, _spent, _intervalCapacity) = (_held.Sequences, 0, 0);
        }
        if (at > _at) Integrate(at);
    }

    private void Integrate(DateTimeOffset until)
    {
        var seconds = (until - _at).TotalSeconds;
        _at = until;
        _tokenCapacity += _capacity.TokensPerSecond * seconds;
        _intervalCapacity += _capacity.TokensPerSecond * seconds;
        _kv += _held.KvCacheBytes * seconds;
        _kvCapacity += _capacity.KvCacheBytes * seconds;
        _sequences += _held.Sequences * seconds;
        _sequenceCapacity += _capacity.Sequences * seconds;
    }

    private static double Share(double part, double whole) => whole <= 0 ? 0 : part / whole;
}
