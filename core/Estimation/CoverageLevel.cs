namespace TokenLedger.Core.Estimation;

/// <summary>
/// The level of the quantile that is reserved, moved so that the share of outputs within their reservation is the target q whatever the outputs do: log-odds(level) = log-odds(q) + lean, and the
/// lean rises by g·q with every output beyond its reservation and falls by g·(1 − q) with every one within. The misses of any stretch then differ from their due by at most the lean's range ÷ g
/// (adaptive conformal inference, Gibbs and Candès 2021; in log-odds ours, so that a level near 1 moves in small steps). Where outputs grow faster than the last of them are replaced no quantile of
/// them is enough: what the lean has beyond its range widens what is reserved, by e to its power.
/// </summary>
internal struct CoverageLevel
{
    /// <summary>g, in millionths of a log-odd.</summary>
    private const long Gain = 150_000;

    /// <summary>The range within which the lean moves the level, and how far beyond it may go.</summary>
    private const long Range = 2_200_000;
    private const long LargestLean = 2 * Range;

    private const long Step = 100_000;

    // e^lean in thousandths, at every tenth from −2.2 to 2.2: no library's exponential takes part, so that every machine decides the same.
    private static readonly long[] s_odds =
    [
        111, 122, 135, 150, 165, 183, 202, 223, 247, 273, 301, 333, 368, 407, 449, 497, 549, 607, 670, 741, 819, 905, 1000,
        1105, 1221, 1350, 1492, 1649, 1822, 2014, 2226, 2460, 2718, 3004, 3320, 3669, 4055, 4482, 4953, 5474, 6050, 6686, 7389, 8166, 9025,
    ];

    private long _quantile;
    private long _level;

    /// <summary>In millionths of a log-odd.</summary>
    public long Lean { get; private set; }

    public static CoverageLevel Open(long lean) => new() { Lean = lean };

    /// <param name="quantile">q, in millionths.</param>
    public void Observe(bool within, long quantile)
    {
        var by = within ? -(Gain * (RecentOutputs.Whole - quantile)) : Gain * quantile;
        Lean = Math.Clamp(Lean + by / RecentOutputs.Whole, -Range, LargestLean);
        _quantile = 0;
    }

    /// <summary>The level for a target, both in millionths.</summary>
    public long For(long quantile)
    {
        if (quantile == _quantile) return _level;
        var upper = quantile * Exponential(Math.Min(Lean, Range));
        (_quantile, _level) = (quantile, upper * RecentOutputs.Whole / (upper + (RecentOutputs.Whole - quantile) * 1_000));
        return _level;
    }

    /// <summary>An output that is not exceeded with this level, widened where that is not enough.</summary>
    public readonly long Widen(long output) => Lean <= Range ? output : output * Exponential(Lean - Range) / 1_000;

    private static long Exponential(long lean)
    {
        var at = lean + Range;
        var low = s_odds[at / Step];
        return at % Step == 0 ? low : low + (s_odds[at / Step + 1] - low) * (at % Step) / Step;
    }
}
