using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>What one replica last told of itself; anything may be missing. Rates and quantiles are those since the scrape before.</summary>
/// <param name="At">When it answered.</param>
public sealed record EngineScrape(
    DateTimeOffset At, int? Running = null, int? Waiting = null, double? KvCacheUsage = null, double? PromptTokensPerSecond = null, double? GenerationTokensPerSecond = null,
    double? TimeToFirstTokenSeconds = null, double? InterTokenSeconds = null);

/// <summary>The engines of a pool, taken together: amounts are summed, the KV cache averaged, and of latencies the median replica's counts, so that one that is ill does not speak for all.</summary>
public static class EngineObservation
{
    /// <param name="scrapes">The last answer of each replica.</param>
    /// <param name="readyReplicas">Replicas that serve, where that is known.</param>
    /// <param name="watchedSince">Since when engines are asked: what never answered is as old as that. Null when nothing is asked.</param>
    /// <param name="staleSeconds">An answer older than this counts as none.</param>
    public static ScalingObservation Of(IReadOnlyCollection<EngineScrape> scrapes, int? readyReplicas, DateTimeOffset? watchedSince, double ledgerAgeSeconds, double staleSeconds, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(scrapes);
        if (watchedSince is not { } since) return new(readyReplicas, LedgerAgeSeconds: ledgerAgeSeconds);
        var newest = scrapes.Select(scrape => scrape.At).Append(since).Max();
        var fresh = scrapes.Where(scrape => (now - scrape.At).TotalSeconds <= staleSeconds).ToList();
        return new(
            readyReplicas, Math.Max(0, (now - newest).TotalSeconds), ledgerAgeSeconds, Sum(fresh, s => s.Running), Sum(fresh, s => s.Waiting),
            Known(fresh, s => s.KvCacheUsage) is { Count: > 0 } kv ? kv.Average() : null, Rate(fresh, s => s.PromptTokensPerSecond), Rate(fresh, s => s.GenerationTokensPerSecond),
            Median(fresh, s => s.TimeToFirstTokenSeconds), Median(fresh, s => s.InterTokenSeconds));
    }

    private static int? Sum(List<EngineScrape> scrapes, Func<EngineScrape, int?> of) => scrapes.Exists(s => of(s) is >= 0) ? (int)Math.Min(int.MaxValue, scrapes.Sum(s => Math.Max(0L, of(s) ?? 0))) : null;

    private static double? Rate(List<EngineScrape> scrapes, Func<EngineScrape, double?> of) => Known(scrapes, of) is { Count: > 0 } known ? known.Sum() : null;

    private static double? Median(List<EngineScrape> scrapes, Func<EngineScrape, double?> of) => Known(scrapes, of) is { Count: > 0 } known ? known.Order().ElementAt((known.Count - 1) / 2) : null;

    /// <summary>What is no number is not known.</summary>
    private static List<double> Known(List<EngineScrape> scrapes, Func<EngineScrape, double?> of) =>
        [.. scrapes.Select(of).OfType<double>().Where(value => double.IsFinite(value) && value >= 0)];
}
