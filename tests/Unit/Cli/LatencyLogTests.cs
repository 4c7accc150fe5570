using TokenLedger.Cli.Traces;

namespace TokenLedger.Tests.Unit.Cli;

public sealed class LatencyLogTests
{
    [Theory]
    [InlineData(1, 1, 1, 1, 1)]
    [InlineData(2, 1, 2, 2, 2)]
    [InlineData(10, 5, 9, 10, 10)]
    [InlineData(100, 50, 90, 99, 100)]
    [InlineData(1000, 500, 900, 990, 1000)]
    public void Takes_percentiles_by_nearest_rank(int count, double p50, double p90, double p99, double max)
    {
        var log = new LatencyLog(count + 5);
        foreach (var value in Enumerable.Range(1, count).Reverse()) log.Add(TimeSpan.FromMilliseconds(value));
        Assert.Equal(new Percentiles(count, p50, p90, p99, max), log.Summarise());
    }

    [Fact]
    public void Is_zero_when_nothing_was_measured() => Assert.Equal(new Percentiles(0, 0, 0, 0, 0), new LatencyLog(3).Summarise());
}
