using TokenLedger.Autoscaler.Engines;

namespace TokenLedger.Tests.Unit.Autoscaler;

/// <summary>Counters and histograms since an engine began, as rates and quantiles of the last seconds.</summary>
public sealed class EngineHistoryTests
{
    private static readonly DateTimeOffset s_noon = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly EngineHistory _history = new(TimeSpan.FromSeconds(10), quantile: 0.5);

    [Fact]
    public void Knows_no_rate_and_no_quantile_at_the_first_look()
    {
        var scrape = _history.Add(At(0, prompt: 5_000, buckets: [50, 100]));
        Assert.Equal((null, null, 3), (scrape.PromptTokensPerSecond, scrape.TimeToFirstTokenSeconds, scrape.Running));
    }

    [Fact]
    public void Counts_what_came_within_the_window()
    {
        _history.Add(At(0, prompt: 0, buckets: [0, 0]));
        _history.Add(At(5, prompt: 1_000, buckets: [100, 100]));
        // All of the first five seconds, which were quick, and none of what is older than ten.
        var scrape = _history.Add(At(10, prompt: 3_000, buckets: [100, 120]));
        Assert.Equal(300, scrape.PromptTokensPerSecond);
        Assert.Equal(0.6, scrape.TimeToFirstTokenSeconds!.Value, 12);
        scrape = _history.Add(At(15, prompt: 3_500, buckets: [110, 130]));
        Assert.Equal(250, scrape.PromptTokensPerSecond);
        // Ten of thirty were quick: half of all exceed the first bound, and more than that is not known of the last bucket.
        Assert.Equal(1, scrape.TimeToFirstTokenSeconds);
    }

    [Fact]
    public void Counts_from_zero_when_an_engine_began_anew()
    {
        _history.Add(At(0, prompt: 9_000, buckets: [900, 1_000]));
        _history.Add(At(5, prompt: 10_000, buckets: [900, 1_100]));
        var scrape = _history.Add(At(10, prompt: 500, buckets: [300, 300]));
        Assert.Equal(150, scrape.PromptTokensPerSecond);
        Assert.Equal(2.0 / 3, scrape.TimeToFirstTokenSeconds!.Value, 12);
    }

    [Fact]
    public void Knows_nothing_of_a_time_in_which_nothing_came()
    {
        _history.Add(At(0, prompt: 100, buckets: [10, 10]));
        var scrape = _history.Add(At(5, prompt: 100, buckets: [10, 10]));
        Assert.Equal((0, null), (scrape.PromptTokensPerSecond, scrape.TimeToFirstTokenSeconds));
    }

    [Fact]
    public void Leaves_out_the_times_that_it_was_not_told_of()
    {
        _history.Add(At(0, prompt: 100, buckets: [10, 10]));
        _history.Add(At(2, prompt: null, buckets: null));
        _history.Add(At(4, prompt: 900, buckets: [20, 20]));
        Assert.Equal((50, 0.5), _history.Add(At(6, prompt: 1_000, buckets: [30, 30])) is var scrape ? (scrape.PromptTokensPerSecond, scrape.TimeToFirstTokenSeconds) : default);
    }

    [Theory]
    [InlineData(0.25, 0.5)]
    [InlineData(0.5, 1.0)]
    [InlineData(0.625, 1.5)]
    [InlineData(0.75, 2.0)]
    [InlineData(0.99, 2.0)]
    public void Takes_observations_to_be_spread_evenly_within_a_bucket(double part, double value) =>
        Assert.Equal(value, new Buckets([1, 2, double.PositiveInfinity], [50, 75, 100]).Quantile(part)!.Value, 12);

    [Fact]
    public void Takes_other_bounds_for_another_histogram() =>
        Assert.Equal([5, 9], new Buckets([2, double.PositiveInfinity], [5, 9]).Since(new([1, double.PositiveInfinity], [4, 8])).Counts);

    private static EngineSample At(double seconds, double? prompt, double[]? buckets) => new(
        s_noon.AddSeconds(seconds), 3, 0, 0.5, prompt, prompt, buckets is null ? null : new([1, double.PositiveInfinity], buckets), null);
}
