using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using TokenLedger.Cli.Experiments;

namespace TokenLedger.Tests.Unit.Simulation;

/// <summary>The experiments at few seeds: their targets hold, and everything they write can be read.</summary>
public sealed class ExperimentTests
{
    [Theory]
    [InlineData("overload", 3)]
    [InlineData("scarcity", 1)]
    [InlineData("scarcity-endless", 1)]
    public void Meets_its_targets(string name, int seeds)
    {
        var outcome = Run(Catalogue.Find(name, traces: null), seeds);
        Assert.Contains(outcome.Rows, row => row.Ok is not null);
        Assert.All(outcome.Rows, row => Assert.False(row.Ok is false, $"{row.Name} is {row.Value}, and not {row.Rule}."));
    }

    /// <summary>The more is lent, the more is used; lending nothing makes nobody wait.</summary>
    [Fact]
    public void Lending_trades_use_for_first_tokens()
    {
        var rows = Run(new Lending()).Rows.ToDictionary(row => row.Name, row => row.Value);
        Assert.InRange(rows["lending/0.0/guaranteed-ttft-p99"], 0, 1.2);
        Assert.True(rows["lending/0.0/slots-used-under-pressure"] + 5 < rows["lending/1.0/slots-used-under-pressure"]);
        Assert.All(rows.Where(row => row.Key.EndsWith("guaranteed-refused-within", StringComparison.Ordinal)), row => Assert.Equal(0, row.Value));
    }

    [Fact]
    public async Task Writes_tables_pictures_and_a_report_that_name_each_other()
    {
        var folder = Directory.CreateTempSubdirectory("tokenledger-experiment-");
        try
        {
            var outcome = Run(Traces(folder));
            await ExperimentFiles.WriteAsync(folder, outcome, TestContext.Current.CancellationToken);
            var report = await File.ReadAllTextAsync(Path.Combine(folder.FullName, "azure.md"), TestContext.Current.CancellationToken);
            Assert.Contains("| conv-served | requests |", report, StringComparison.Ordinal);
            Assert.Contains("(azure-capacity.svg)", report, StringComparison.Ordinal);
            Assert.Equal("svg", XDocument.Load(Path.Combine(folder.FullName, "azure-capacity.svg")).Root!.Name.LocalName);
            Assert.Equal(0x89, (await File.ReadAllBytesAsync(Path.Combine(folder.FullName, "azure-capacity.png"), TestContext.Current.CancellationToken))[0]);
            var timelines = folder.GetFiles("azure-*-timeline.csv");
            Assert.Equal(outcome.First.Count, timelines.Length);
            Assert.All(timelines, file => Assert.Single(File.ReadLines(file.FullName).Select(line => line.Count(c => c == ',')).Distinct()));
            Assert.Equal(outcome.Rows.Count + 1, File.ReadLines(Path.Combine(folder.FullName, "azure-summary.csv")).Count());
            Assert.Equal(outcome.Rows.Count, JsonDocument.Parse(outcome.Report.ToJson()).RootElement.GetProperty("rows").GetArrayLength());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Any trace file will do: each forecast is scored on it, and played against the pool where that makes a difference.</summary>
    [Fact]
    public async Task Estimates_any_trace_file()
    {
        var folder = Directory.CreateTempSubdirectory("tokenledger-experiment-");
        try
        {
            var file = Path.Combine(folder.FullName, "mine.jsonl");
            await File.WriteAllLinesAsync(file, Enumerable.Range(0, 900).Select(row => $$"""{"timestamp":{{row * 1_000}},"input_length":{{(row % 2 == 0 ? 100 : 2_000)}},"output_length":{{(row % 2 == 0 ? 300 : 20) + row % 7}}}"""), TestContext.Current.CancellationToken);
            var outcome = Run(Catalogue.Find("estimates", traces: null, [new(file)]), seeds: 5);
            Assert.Equal(1, outcome.Seeds);
            var rows = outcome.Rows.ToDictionary(row => row.Name, row => row.Value);
            Assert.InRange(rows["estimates/ours@mine/mae-to-mean"], 0, 0.2);
            Assert.True(rows["estimates/ours@mine/unused"] < rows["estimates/static@mine/unused"]);
            Assert.Equal(900, rows["estimates/ours@mine/admitted"]);
            await ExperimentFiles.WriteAsync(folder, outcome, TestContext.Current.CancellationToken);
            Assert.Contains("(estimates-mine.svg)", await File.ReadAllTextAsync(Path.Combine(folder.FullName, "estimates.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Has_a_target_for_no_row_that_is_not_there()
    {
        var rows = Catalogue.Names.Where(name => name is not ("azure" or "estimates" or "scaling")).SelectMany(name => Run(Catalogue.Find(name, traces: null), seeds: 1).Rows).Select(row => row.Name).ToHashSet();
        // The scaling experiment as a whole takes longer than a test may: its figures are those of one of its loads under every other.
        rows.UnionWith(ScalingTests.Rows());
        Assert.Empty(ExperimentRunner.Targets.Keys.Where(row => !row.StartsWith("estimates/", StringComparison.Ordinal)).Except(rows));
        Assert.All(ExperimentRunner.Targets.Values, target => Assert.True(target.Of == "value" && target.AtLeast is null != target.AtMost is null, $"{target.Row} has one bound of its value."));
    }

    private static ExperimentOutcome Run(Experiment experiment, int seeds = 1) =>
        ExperimentRunner.Run(experiment, experiment.Variants, seeds, () => { }, TestContext.Current.CancellationToken);

    /// <summary>The experiment on two small traces of the same shape.</summary>
    private static Azure Traces(DirectoryInfo folder)
    {
        foreach (var (name, input, output) in (IEnumerable<(string, int, int)>)[("code", 2_000, 30), ("conv", 1_000, 200)])
            File.WriteAllLines(Path.Combine(folder.FullName, $"azure-llm-2023-{name}.csv"), Enumerable.Range(0, 100)
                .Select(row => string.Create(CultureInfo.InvariantCulture, $"2023-11-16 18:{row / 60:00}:{row % 60:00}.0000000,{input},{output}")).Prepend("TIMESTAMP,ContextTokens,GeneratedTokens"));
        return new(folder);
    }
}
