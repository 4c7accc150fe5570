using System.CommandLine;
using System.Diagnostics;
using TokenLedger.Cli.Replay;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Commands;

/// <summary><c>replay</c>: decides everything again from the ledger and compares, or shows a view as it was.</summary>
internal static class ReplayCommand
{
    public static Command Create(Globals globals)
    {
        var verify = new Option<bool>("--verify") { Description = "Compare each decision with the recorded one, and what is held with the capacity, at every position." };
        var at = LedgerMoment.Option("--at", "Show a view as it was after this position, or at this time.");
        var view = new Option<string?>("--view") { Description = "Which view: pool, usage or fairness.", HelpName = "view" };
        view.AcceptOnlyFromAmong("pool", "usage", "fairness");
        var pool = Arguments.IdOption<PoolId>("--pool", "Only this pool. Default: all pools.");
        var tenant = Arguments.IdOption<TenantId>("--tenant", "Only this tenant, in a view.");
        var source = new SourceOptions(globals);
        var command = new Command("replay", "Re-run the ledger: --verify every decision, or show a --view --at a position or time. Needs an operator or auditor key. Exit code 1 and the first difference when they differ.")
        {
            verify, at, view, pool, tenant,
        };
        source.AddTo(command);
        command.SetAction(async (parsed, ct) =>
        {
            var (moment, name, json) = (parsed.GetValue(at), parsed.GetValue(view), parsed.GetValue(globals.Json));
            if (parsed.GetValue(verify) == moment.HasValue || moment.HasValue != name is not null)
                throw CommandFailure.BadUsage("Say what to replay for: --verify, or --at with a --view.");
            await using var events = source.Open(parsed);
            return moment is { } then
                ? await PastViewPrinter.PrintAsync(events, then, name!, parsed.GetValue(pool), parsed.GetValue(tenant), json, ct)
                : await VerifyAsync(events, parsed.GetValue(pool), json, ct);
        });
        return command;
    }

    private static async Task<int> VerifyAsync(IEventSource source, PoolId? pool, bool json, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        var head = await source.HeadAsync(ct);
        var batches = pool is { } one ? source.ReadAsync(new(0, head, Streams.Pool(one)), ct) : source.ReadDenseAsync(head, ct);
        var report = await new LedgerVerification(position => ReportProgress(position, head)).RunAsync(batches, ct);
        report = report with { Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds };
        if (json) Console.Out.WriteLine(report.ToJson());
        else ReplayTables.Write(Terminal.Results, report);
        if (report.Finding is { } finding) Console.Error.WriteLine(finding);
        return report.Ok ? 0 : CommandFailure.FailedCode;
    }

    /// <summary>One line that is written over on a terminal; a log gets the last one alone.</summary>
    private static void ReportProgress(long position, long head)
    {
        if (!Console.IsErrorRedirected) Console.Error.Write($"\r{position} of {head} events{(position == head ? "\n" : "")}");
        else if (position == head) Console.Error.WriteLine($"{position} events read");
    }
}
