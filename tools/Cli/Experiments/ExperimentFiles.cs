using System.Globalization;
using System.Text;
using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;

namespace TokenLedger.Cli.Experiments;

/// <summary>What an experiment writes into a folder: the report, its figures, the first seed over time, and the pictures.</summary>
internal static class ExperimentFiles
{
    public static async Task WriteAsync(DirectoryInfo folder, ExperimentOutcome outcome, CancellationToken ct)
    {
        var name = outcome.Experiment.Name;
        var charts = outcome.Experiment.Draw(outcome.First).ToList();
        await WriteAsync(folder, $"{name}.md", ExperimentReport.Write(outcome, [.. charts.Select(chart => (chart.File, chart.Chart.Title))]), ct);
        await WriteAsync(folder, $"{name}-summary.csv", Summary(outcome), ct);
        if (outcome.First.Count > 0)
        {
            await WriteAsync(folder, $"{name}-tenants.csv", RunTables.Tenants(outcome.First), ct);
            await WriteAsync(folder, $"{name}-refusals.csv", RunTables.Refusals(outcome.First), ct);
        }
        foreach (var (variant, run) in outcome.First) await WriteAsync(folder, $"{name}-{variant}-timeline.csv", RunTables.Timeline(run), ct);
        foreach (var (file, chart) in charts) await WriteAsync(folder, file, chart, ct);
    }

    /// <summary>One run: its timeline and the pictures that any run has.</summary>
    public static async Task WriteAsync(DirectoryInfo folder, RunLog run, CancellationToken ct)
    {
        var name = run.Scenario.Name;
        var runs = new Dictionary<string, RunLog> { [name] = run };
        var pictures = new RunPictures(runs);
        await WriteAsync(folder, $"{name}-timeline.csv", RunTables.Timeline(run), ct);
        await WriteAsync(folder, $"{name}-tenants.csv", RunTables.Tenants(runs), ct);
        await WriteAsync(folder, $"{name}-refusals.csv", RunTables.Refusals(runs), ct);
        await WriteAsync(folder, $"{name}-queue", pictures.Queue("Running and waiting requests"), ct);
        await WriteAsync(folder, $"{name}-slots", pictures.Slots("Sequences held"), ct);
        await WriteAsync(folder, $"{name}-admissions", pictures.Admissions("Admissions and refusals a second"), ct);
        await WriteAsync(folder, $"{name}-delay", pictures.Delay("Effective admission delay, retries included"), ct);
    }

    private static async Task WriteAsync(DirectoryInfo folder, string file, Chart chart, CancellationToken ct)
    {
        var drawing = chart.Draw();
        await WriteAsync(folder, $"{file}.svg", drawing.ToSvg(), ct);
        await File.WriteAllBytesAsync(Path.Combine(folder.FullName, $"{file}.png"), Raster.ToPng(drawing), ct);
    }

    private static Task WriteAsync(DirectoryInfo folder, string file, string text, CancellationToken ct)
    {
        folder.Create();
        return File.WriteAllTextAsync(Path.Combine(folder.FullName, file), text, ct);
    }

    private static string Summary(ExperimentOutcome outcome)
    {
        var text = new StringBuilder("row,value,unit,low,high,published,target,ok\n");
        foreach (var row in outcome.Rows)
            text.Append(CultureInfo.InvariantCulture, $"{row.Name},{row.Value:R},{row.Unit},{row.Low:R},{row.High:R},{row.Baseline:R},{row.Rule},{(row.Ok switch { true => "yes", false => "no", null => "" })}\n");
        return text.ToString();
    }
}
