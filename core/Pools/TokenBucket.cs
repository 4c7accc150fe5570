using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>
/// A token bucket in exact integer arithmetic: it fills at a rate of tokens per second up to <c>burst · rate</c> and may be in debt (domain.md §5, step 4).
/// The level is kept in micro-tokens, so that tokens per second times microseconds needs no rounding, and in 128 bits: the largest bucket nearly fills 64, and debt has no bound.
/// </summary>
public sealed class TokenBucket
{
    /// <summary>Waits are not told beyond this; a bucket so deep in debt will be set anew before.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromDays(36_500);
    private const long MicrosPerToken = 1_000_000;
    private Int128 _level;
    private Int128 _depth;
    private DateTimeOffset _at;

    /// <summary>Tokens per second.</summary>
    public long Rate { get; private set; }

    /// <summary>Depth in whole tokens.</summary>
    public long DepthTokens => (long)(_depth / MicrosPerToken);

    /// <summary>Sets rate and depth from now on. A bucket starts full; later a higher rate fills it in time, and a lower depth cuts it at once.</summary>
    public void SetRate(long tokensPerSecond, int burstSeconds, DateTimeOffset now)
    {
        var first = _at == default;
        _level = first ? 0 : Level(now);
        _at = now;
        Rate = tokensPerSecond;
        _depth = Micros(tokensPerSecond) * burstSeconds;
        _level = first ? _depth : Int128.Min(_level, _depth);
    }

    /// <summary>Forgets its level: the next rate finds it as a new one.</summary>
    public void StartAnew() => _at = default;

    /// <summary>Whole tokens in the bucket, rounded down; negative while it is in debt.</summary>
    public long TokensAt(DateTimeOffset now) => FloorTokens(Level(now));

    /// <summary>True when the bucket holds this many tokens, or is full and the request is dearer than all of it: then it goes into debt, which slows long prompts without locking them out.</summary>
    public bool Allows(long tokens, DateTimeOffset now) => AllowsAfter(returned: 0, tokens, now);

    /// <summary>What <see cref="Allows"/> would say once so many tokens had been given back.</summary>
    public bool AllowsAfter(long returned, long tokens, DateTimeOffset now)
    {
        if (tokens <= 0) return true;
        if (Rate == 0) return false;
        return Int128.Min(_depth, Level(now) + Micros(returned)) >= Int128.Min(Micros(tokens), _depth);
    }

    /// <summary>How long until <see cref="Allows"/> says yes if nothing is taken but what goes before it; null for never.</summary>
    public TimeSpan? TimeUntil(long tokens, DateTimeOffset now, long before = 0)
    {
        if (tokens <= 0) return TimeSpan.Zero;
        var missing = Int128.Min(Micros(tokens), _depth) + Micros(before) - Level(now);
        return Rate == 0 ? null : missing <= 0 ? TimeSpan.Zero : TimeToFill(missing);
    }

    /// <summary>How long until the bucket is full again; zero for one that never fills.</summary>
    public TimeSpan TimeUntilFull(DateTimeOffset now) => Rate == 0 ? TimeSpan.Zero : TimeToFill(_depth - Level(now));

    /// <summary>Takes tokens out, into debt if need be; a negative amount gives them back, up to the depth.</summary>
    public void Charge(long tokens, DateTimeOffset now)
    {
        _level = Int128.Min(_depth, Level(now) - Micros(tokens));
        _at = now;
    }

    internal CarriedBucket Carry() => new(Rate, _level, _depth, _at == default ? null : _at);

    internal void Open(CarriedBucket carried) => (Rate, _level, _depth, _at) = (carried.TokensPerSecond, carried.LevelMicros, carried.DepthMicros, carried.At ?? default);

    private Int128 Level(DateTimeOffset now)
    {
        var micros = Math.Max(0, (now - _at).Ticks / TimeSpan.TicksPerMicrosecond);
        return Int128.Min(_depth, _level + (Int128)Rate * micros);
    }

    /// <summary>Whole microseconds, rounded up.</summary>
    private TimeSpan TimeToFill(Int128 missing)
    {
        var micros = (missing + Rate - 1) / Rate;
        return micros >= LongestWait.Ticks / TimeSpan.TicksPerMicrosecond ? LongestWait : TimeSpan.FromMicroseconds((long)micros);
    }

    private static Int128 Micros(long tokens) => (Int128)tokens * MicrosPerToken;

    private static long FloorTokens(Int128 level) => (long)(level >= 0 ? level / MicrosPerToken : -((MicrosPerToken - 1 - level) / MicrosPerToken));
}
