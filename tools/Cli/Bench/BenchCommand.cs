using System.CommandLine;
using TokenLedger.Cli.Commands;

namespace TokenLedger.Cli.Bench;

/// <summary><c>bench</c>: how quick it is here, each figure beside a baseline from the same run.</summary>
internal static class BenchCommand
{
    public static Command Create(Globals globals)
    {
        var figure = new Argument<string>("figure") { Description = "What to measure.", DefaultValueFactory = _ => "all" };
        figure.AcceptOnlyFromAmong("decide", "fairness", "append", "admit", "usage", "accounting", "bus", "replay", "verify", "project", "rollups", "startup", "growth", "overload", "replicas", "gateway", "all");
        var seconds = Arguments.Number("--seconds", "Time for one measurement; a figure has several. For overload a quarter of a run, at most 30.", 10, 1, 600);
        var events = Arguments.Number("--events", "Events in the ledger for replay, verify, project and startup; the most of those for growth.", 4_000_000, 10_000, 20_000_000);
        var requests = Arguments.Number("--requests", "Requests of accounting (0: 10,000), and through each gateway while its memory is watched (0: 100,000).", 0, 0, 20_000_000);
        var folder = new Option<DirectoryInfo?>("--out") { Description = "Also write the report there, as bench-<figure>.json, and what a figure draws.", HelpName = "folder" };
        var command = new Command("bench", "Measure this machine: each figure with a baseline from the same run, their ratio and the target. Needs PostgreSQL, for admit, usage, growth and gateway wrk, for bus RabbitMQ, for the gateway that is compared npm; servers are private and on loopback. Exit code 1 when a target is missed.")
        {
            figure, seconds, events, requests, folder,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var report = await BenchProgram.RunAsync(parsed.GetValue(figure)!, parsed.GetValue(seconds), parsed.GetValue(events), parsed.GetValue(requests), parsed.GetValue(folder), ct);
            if (parsed.GetValue(folder) is { } target) await WriteAsync(report, target, parsed.GetValue(figure)!, ct);
            if (parsed.GetValue(globals.Json)) Console.Out.WriteLine(report.ToJson());
            else BenchTables.Write(Terminal.Results, report);
            return report.Ok ? 0 : CommandFailure.FailedCode;
        });
        return command;
    }

    private static async Task WriteAsync(BenchReport report, DirectoryInfo folder, string figure, CancellationToken ct)
    {
        folder.Create();
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, $"bench-{figure}.json"), report.ToJson() + "\n", ct);
        if (report.Samples.Count > 0) await File.WriteAllTextAsync(Path.Combine(folder.FullName, $"{figure}-memory.svg"), BenchChart.Memory(report.Samples).Draw().ToSvg(), ct);
    }
}
