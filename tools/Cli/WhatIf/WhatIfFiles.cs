using System.Globalization;
using System.Text;
using TokenLedger.Cli.Plots;
using TokenLedger.Core.Replay;

namespace TokenLedger.Cli.WhatIf;

/// <summary>A what-if as a picture, and the numbers that it was drawn from.</summary>
internal static class WhatIfFiles
{
    public static async Task WriteAsync(DirectoryInfo folder, WhatIfReport report, CancellationToken ct)
    {
        folder.Create();
        await WriteAsync("whatif.svg", Picture(report));
        await WriteAsync("timeline.csv", Timeline(report.Result));
        await WriteAsync("refusals.csv", Refusals(report.Result));

        Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(folder.FullName, name), text, ct);
    }

    public static string Picture(WhatIfReport report)
    {
        var (recorded, whatIf) = (report.Result.Recorded, report.Result.WhatIf);
        var reasons = WhatIfTables.Reasons(report.Result).ToList();
        var title = $"Pool {report.Pool}: {(report.Changes.Count == 0 ? "nothing changed" : string.Join("; ", report.Changes))}";
        var caption = string.Create(CultureInfo.InvariantCulture, $"positions {report.Window.From} to {report.Window.To}, from {report.Window.Start.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC; the most held in each interval of {recorded.Interval.TotalSeconds:0} s");
        return new ComparisonPlot(title, caption)
            .Lines("sequences held", Line("recorded", recorded, point => point.Sequences), Line("what if", whatIf, point => point.Sequences),
                Line("capacity, recorded", recorded, point => point.Capacity), Line("capacity, what if", whatIf, point => point.Capacity))
            .Bars("refusals by reason", [.. reasons.Select(reason => (reason, recorded.RefusedByReason.GetValueOrDefault(reason), whatIf.RefusedByReason.GetValueOrDefault(reason)))])
            .ToSvg();
    }

    private static PlotLine Line(string name, RunOutcome run, Func<TimelinePoint, int> value) =>
        new(name, [.. run.Timeline.Select(point => ((point.At - run.Timeline[0].At).TotalSeconds, (double)value(point)))], run.Interval.TotalSeconds);

    private static string Timeline(WhatIfResult result)
    {
        var text = new StringBuilder("at,recordedSequences,recordedCapacity,whatIfSequences,whatIfCapacity\n");
        foreach (var (a, b) in result.Recorded.Timeline.Zip(result.WhatIf.Timeline))
            text.Append(CultureInfo.InvariantCulture, $"{a.At.UtcDateTime:O},{a.Sequences},{a.Capacity},{b.Sequences},{b.Capacity}\n");
        return text.ToString();
    }

    private static string Refusals(WhatIfResult result)
    {
        var text = new StringBuilder("reason,recorded,whatIf\n");
        foreach (var reason in WhatIfTables.Reasons(result))
            text.Append(CultureInfo.InvariantCulture, $"{reason},{result.Recorded.RefusedByReason.GetValueOrDefault(reason)},{result.WhatIf.RefusedByReason.GetValueOrDefault(reason)}\n");
        return text.ToString();
    }
}
