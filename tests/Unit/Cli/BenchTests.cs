using System.Text.Json;
using TokenLedger.Cli.Bench;

namespace TokenLedger.Tests.Unit.Cli;

public sealed class BenchTests
{
    [Theory]
    [InlineData(70, true)]
    [InlineData(69.9, false)]
    public void Judges_the_ratio_to_the_baseline(double value, bool ok)
    {
        var row = BenchRow.Judge(new("append/1000", value, "events/s", Baseline: 100, "raw COPY"), new("append/1000", "ratio", AtLeast: 0.7));
        Assert.Equal((value / 100, 0.7, ok, "ratio ≥ 0.7"), (row.Ratio, row.Target, row.Ok, row.Rule));
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(10.1, false)]
    public void Judges_a_value_that_must_be_small(double value, bool ok)
    {
        var row = BenchRow.Judge(new("admit/64-p99", value, "ms"), new("admit/64-p99", "value", AtMost: 10));
        Assert.Equal((null, 10, ok, "value ≤ 10"), (row.Ratio, row.Target, row.Ok, row.Rule));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.0)]
    public void Does_not_meet_a_target_of_a_ratio_that_cannot_be_taken(double? baseline)
    {
        var row = BenchRow.Judge(new("append/1000", 5, "events/s", baseline), new("append/1000", "ratio", AtLeast: 0.7));
        Assert.Equal((null, false), (row.Ratio, row.Ok));
    }

    [Fact]
    public void Says_nothing_of_a_row_without_a_target() => Assert.Null(BenchRow.Judge(new("append/10", 5, "events/s", 10), target: null).Ok);

    [Fact]
    public void Fails_as_a_whole_when_one_row_fails()
    {
        BenchRow met = BenchRow.Judge(new("a", 5, "x"), new("a", "value", AtLeast: 5)), open = BenchRow.Judge(new("b", 5, "x"), null), missed = BenchRow.Judge(new("c", 5, "x"), new("c", "value", AtMost: 4));
        Assert.True(new BenchReport("bench", null, [met, open]).Ok);
        Assert.False(new BenchReport("bench", null, [met, open, missed]).Ok);
    }

    /// <summary>Machines read these names, and find absent fields as null.</summary>
    [Fact]
    public void Prints_the_promised_fields()
    {
        var row = BenchRow.Judge(new("bus/lag-p50", 5, "ms"), target: null);
        var json = JsonDocument.Parse(new BenchReport("bench bus", JsonDocument.Parse("{\"cores\":2}").RootElement, [row]).ToJson()).RootElement;
        Assert.Equal(["name", "machine", "rows"], json.EnumerateObject().Select(field => field.Name));
        Assert.Equal(2, json.GetProperty("machine").GetProperty("cores").GetInt32());
        Assert.Equal(["name", "value", "unit", "baseline", "ratio", "target", "ok", "against", "rule", "low", "high"], json.GetProperty("rows")[0].EnumerateObject().Select(field => field.Name));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("rows")[0].GetProperty("ok").ValueKind);
    }

    [Fact]
    public void Reads_what_the_benchmarks_print()
    {
        var line = BenchLine.Read("""{"name":"append/1","value":474.5,"unit":"events/s","baseline":1130,"against":"raw COPY"}""");
        Assert.Equal(("append/1", 474.5, "events/s", 1130, "raw COPY"), (line.Name, line.Value, line.Unit, line.Baseline, line.Against));
        var sample = BenchLine.Read("""{"name":"gateway/memory","at":5000,"value":250.5,"unit":"MB"}""");
        Assert.Equal(("gateway/memory", 5_000, 250.5), (sample.Name, sample.At, sample.Value));
        Assert.NotNull(BenchLine.Read("""{"machine":{"cores":2}}""").Machine);
    }

    [Fact]
    public void Has_targets_that_can_be_judged() =>
        Assert.All(BenchTarget.Load().Values, target =>
        {
            Assert.Contains(target.Of, (string[])["value", "ratio"]);
            Assert.True(target.AtLeast is null != target.AtMost is null, $"{target.Row} has one bound.");
        });
}
