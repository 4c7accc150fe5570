using TokenLedger.Contracts;
using TokenLedger.Core.Scaling;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>What several engines tell, taken together.</summary>
public sealed class EngineObservationTests
{
    private static readonly DateTimeOffset s_now = PoolScenario.Start;

    [Fact]
    public void Sums_amounts_averages_the_cache_and_takes_the_median_latency() =>
        Assert.Equal(
            new ScalingObservation(3, AgeSeconds: 2, LedgerAgeSeconds: 0.5, Running: 60, Waiting: 6, KvCacheUsage: 0.5, PromptTokensPerSecond: 600, GenerationTokensPerSecond: 60, TimeToFirstTokenSeconds: 0.2, InterTokenSeconds: 0.02),
            Of([Told(4, 10, 0.1), Told(2, 20, 0.9), Told(3, 30, 0.2)], ready: 3));

    [Fact]
    public void Leaves_out_what_is_stale_missing_or_no_number() =>
        Assert.Equal(
            new ScalingObservation(null, AgeSeconds: 1, LedgerAgeSeconds: 0.5, Running: 10, KvCacheUsage: 0.25),
            Of([new(s_now.AddSeconds(-1), Running: 10, KvCacheUsage: 0.25), new(s_now.AddSeconds(-2), PromptTokensPerSecond: double.NaN, InterTokenSeconds: -1), Told(31, 99, 9)], ready: null));

    [Fact]
    public void Grows_old_when_no_engine_has_ever_answered() => Assert.Equal(new(2, AgeSeconds: 60, LedgerAgeSeconds: 0.5), Of([], ready: 2));

    [Fact]
    public void Has_no_age_where_engines_are_not_watched() =>
        Assert.Equal(new(2, LedgerAgeSeconds: 0.5), EngineObservation.Of([Told(1, 1, 1)], 2, watchedSince: null, 0.5, staleSeconds: 30, s_now));

    private static ScalingObservation Of(IReadOnlyCollection<EngineScrape> scrapes, int? ready) => EngineObservation.Of(scrapes, ready, s_now.AddSeconds(-60), 0.5, staleSeconds: 30, s_now);

    private static EngineScrape Told(int secondsAgo, int running, double late) =>
        new(s_now.AddSeconds(-secondsAgo), running, running / 10, running == 20 ? 0.5 : running / 40.0, running * 10, running, late, late / 10);
}
