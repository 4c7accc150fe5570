namespace TokenLedger.Core.Scaling;

/// <summary>
/// Demand in tokens/s, now and when a replica that is started now serves (docs/domain.md §8). Arrivals at random have a spread, Σ tokens² of the requests, and what lies within it is no change:
/// level = the rate of the last minute and one deviation, for a small pool needs more room to move than a large one, or the rate of the last fifteen seconds where that is above it by more than three deviations;
/// slope = the least of the last minute's rise, twice that of the one before, and that between the two halves of the last (a deviation more), where the rise over both exceeds two deviations: a step is no slope. A fall is never forecast.
/// </summary>
internal readonly record struct Forecast(double LevelTokens, double SlopeTokens, double AheadSeconds)
{
    private const int Short = 15;
    private const int Half = 30;
    private const int Long = 60;
    private const double Jump = 3;
    private const double Rise = 1.5;

    /// <summary>A minute may have risen by so many times what the one before did; more is a step and no slope.</summary>
    private const double Accelerating = 2;

    /// <summary>No forecast goes beyond this times the level.</summary>
    private const double Most = 3;

    public double Tokens => Math.Min(LevelTokens * Most, LevelTokens + SlopeTokens * AheadSeconds);

    /// <summary>By what the level grows until then.</summary>
    public double Growth => LevelTokens > 0 ? Tokens / LevelTokens : 1;

    public static Forecast Of(DemandBins bins, DateTimeOffset now, double aheadSeconds)
    {
        var (last, before, first) = (bins.Between(now, Long, 0), bins.Between(now, 2 * Long, Long), bins.Between(now, 3 * Long, 2 * Long));
        var (recent, newer, older) = (bins.Between(now, Short, 0), bins.Between(now, Half, 0), bins.Between(now, Long, Half));
        var jumped = recent.Rate > last.Rate + Jump * recent.Noise;
        var level = jumped ? recent.Rate : last.Rate + last.Noise;
        var rises = last.Rate - first.Rate > Rise * Spread(last, first);
        var slope = rises ? Math.Min(Math.Min(last.Rate - before.Rate, Accelerating * (before.Rate - first.Rate) + Spread(before, first)) / Long, (newer.Rate - older.Rate + Spread(newer, older)) / Half) : 0;
        // The level of a minute is that of its middle.
        return new(level, Math.Max(0, slope), aheadSeconds + (jumped ? Short : Long) / 2.0);
    }

    private static double Spread(Sums a, Sums b) => Math.Sqrt(a.Noise * a.Noise + b.Noise * b.Noise);
}
