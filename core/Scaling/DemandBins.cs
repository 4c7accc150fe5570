namespace TokenLedger.Core.Scaling;

/// <summary>What was asked for and what ended, in bins of five seconds of the clock: whole numbers, so that whoever reads the same events finds the same sums.</summary>
internal sealed class DemandBins
{
    public const int BinSeconds = 5;

    /// <summary>The time that is looked back on.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private const long TicksPerBin = BinSeconds * TimeSpan.TicksPerSecond;
    private readonly Queue<Bin> _bins = new();
    private Bin? _newest;

    /// <summary>The bin of a time. One that comes late is counted where the newest is: bins stay in order.</summary>
    public Bin At(DateTimeOffset at)
    {
        var index = at.UtcTicks / TicksPerBin;
        if (_newest is not null && index <= _newest.Index) return _newest;
        _bins.Enqueue(_newest = new(index));
        while (_bins.Peek().Index < index - Window.Ticks / TicksPerBin) _bins.Dequeue();
        return _newest;
    }

    /// <summary>Sums from so many seconds ago until so many seconds ago, in whole bins; the bin under way counts as one that ends now.</summary>
    public Sums Between(DateTimeOffset now, int fromSecondsAgo, int untilSecondsAgo)
    {
        var (current, sums) = (now.UtcTicks / TicksPerBin, default(Sums));
        foreach (var bin in _bins)
            if (bin.Index > current - fromSecondsAgo / BinSeconds && bin.Index <= current - untilSecondsAgo / BinSeconds) sums += bin.Sums;
        // What is left of the bin under way has not been asked for yet.
        var missing = untilSecondsAgo == 0 ? BinSeconds - (now.UtcTicks % TicksPerBin) / (double)TimeSpan.TicksPerSecond : 0;
        return sums with { Seconds = fromSecondsAgo - untilSecondsAgo - missing };
    }

    public sealed class Bin(long index)
    {
        public long Index => index;
        public Sums Sums { get; set; }
    }
}

/// <summary>What was asked for: each request once, when it first asked. What ended: how long it was held, what had been reserved for it and what it used.</summary>
/// <param name="FloorTokens">The part of the tokens that those ask for who have floors.</param>
/// <param name="SquaredTokens">Σ tokens² of the requests: the variance of their sum, were they to come at random.</param>
internal readonly record struct Sums(
    long Requests, long Tokens, long FloorTokens, long InputTokens, double SquaredTokens, long Ended, long HoldTicks, long EndedReservedTokens, long EndedUsedTokens, double Seconds = 0)
{
    public static Sums operator +(Sums a, Sums b) => new(
        a.Requests + b.Requests, a.Tokens + b.Tokens, a.FloorTokens + b.FloorTokens, a.InputTokens + b.InputTokens, a.SquaredTokens + b.SquaredTokens,
        a.Ended + b.Ended, a.HoldTicks + b.HoldTicks, a.EndedReservedTokens + b.EndedReservedTokens, a.EndedUsedTokens + b.EndedUsedTokens, a.Seconds + b.Seconds);

    public double Rate => Tokens / Seconds;

    /// <summary>Standard deviation of <see cref="Rate"/>.</summary>
    public double Noise => Math.Sqrt(SquaredTokens) / Seconds;
}
