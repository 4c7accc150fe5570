using System.Globalization;
using System.Text;
using TokenLedger.Cli.Plots;
using TokenLedger.Contracts;

namespace TokenLedger.Benchmarks.Overload;

/// <summary>What a run leaves in a folder: two pictures, and every request as a line.</summary>
internal sealed class OverloadFiles(OverloadPlan plan, OverloadRun unloaded, OverloadRun controlled, OverloadRun without)
{
    private const string Name = "overload-live";

    public async Task WriteAsync(string folder, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, $"{Name}-ttft.svg"), TimesToFirstToken().Draw().ToSvg(), ct);
        await File.WriteAllTextAsync(Path.Combine(folder, $"{Name}-spot.svg"), Spot().Draw().ToSvg(), ct);
        await File.WriteAllTextAsync(Path.Combine(folder, $"{Name}-requests.csv"), Requests(), ct);
    }

    private Chart TimesToFirstToken() => Chart("Time to first token of the guaranteed tenants, by when a request was due", "seconds, median and longest of each second",
    [
        new("with admission", [.. Times("alone", unloaded, 2), .. Times("in the overload", controlled, 0)]),
        new("without admission", [.. Times("alone", unloaded, 2), .. Times("in the overload", without, 4)]),
    ]);

    private Chart Spot()
    {
        var panels = ((string, OverloadRun)[])[("with admission", controlled), ("without admission", without)];
        return Chart("Spot requests by when they were due, and requests that wait in the engines", "a second; waiting requests ÷ 10",
            [.. panels.Select(panel => new Panel(panel.Item1, [Rate("admitted", panel.Item2, 0, one => one.IsServed), Rate("refused", panel.Item2, 4, one => one.IsRefused), Waiting(panel.Item2)]))]);
    }

    private Chart Chart(string title, string yAxis, IReadOnlyList<Panel> panels) =>
        new(title, "three runs over HTTP, one seed; the overload is shaded", "seconds", yAxis, panels, panels.Count) { Shaded = [plan.Overload] };

    private IEnumerable<Curve> Times(string name, OverloadRun run, int colour)
    {
        var served = run.Outcomes.Where(one => one.IsServed && one.Request.Tenant.ServiceClass == ServiceClass.Guaranteed).ToLookup(one => (int)one.Request.Due, one => one.TimeToFirstToken);
        yield return new(name, [.. Seconds().Where(served.Contains).Select(second => new Dot(second + 0.5, Rounds.Median(served[second])))], colour);
        yield return new("", [.. Seconds().Where(served.Contains).Select(second => new Dot(second + 0.5, served[second].Max()))], colour, Dashed: true);
    }

    private Curve Rate(string name, OverloadRun run, int colour, Func<LoadOutcome, bool> counts)
    {
        var due = run.Outcomes.Where(one => one.Request.Tenant.ServiceClass == ServiceClass.Spot && counts(one)).CountBy(one => (int)one.Request.Due).ToDictionary();
        return new(name, [.. Seconds().Select(second => new Dot(second + 0.5, due.GetValueOrDefault(second)))], colour);
    }

    private Curve Waiting(OverloadRun run) => new("waiting ÷ 10", [.. run.Waiting.Where(look => look.At <= plan.End).Select(look => new Dot(look.At, look.Waiting / 10.0))], 5, Dashed: true);

    private IEnumerable<int> Seconds() => Enumerable.Range(0, (int)plan.End);

    private string Requests()
    {
        var text = new StringBuilder("run,tenant,due_s,input_tokens,output_tokens,status,refusal,ttft_s,ended_s\n");
        foreach (var (name, run) in ((string, OverloadRun)[])[("unloaded", unloaded), ("admission", controlled), ("without", without)])
            foreach (var one in run.Outcomes)
                text.Append(CultureInfo.InvariantCulture, $"{name},{one.Request.Tenant.Name},{one.Request.Due:0.####},{one.Request.InputTokens},{one.Request.OutputTokens},{one.Status},{one.Refusal},{one.TimeToFirstToken:0.####},{one.EndedAt:0.####}\n");
        return text.ToString();
    }
}
