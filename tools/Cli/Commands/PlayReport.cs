using System.Globalization;
using Spectre.Console;
using TokenLedger.Cli.Traces;

namespace TokenLedger.Cli.Commands;

/// <summary>A play as it goes on, and its summary.</summary>
internal static class PlayReport
{
    private static readonly TimeSpan s_refresh = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_plainRefresh = TimeSpan.FromSeconds(10);

    /// <summary>Shows progress on standard error until the play ends: a bar on a terminal, now and then a line in a log.</summary>
    public static async Task<bool> WatchAsync(Task<bool> play, PlayTally tally, TimeProvider time)
    {
        if (!Terminal.Messages.Profile.Capabilities.Interactive || Console.IsErrorRedirected)
            await UpdateAsync(play, tally, time, s_plainRefresh, line => Console.Error.WriteLine($"{Done(tally)} of {tally.Planned} · {line}"));
        else
            await Terminal.Messages.Progress()
                .Columns(new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
                .StartAsync(context =>
                {
                    var bar = context.AddTask("", maxValue: tally.Planned);
                    return UpdateAsync(play, tally, time, s_refresh, line =>
                    {
                        bar.Value = Done(tally);
                        bar.Description = Markup.Escape(line);
                    });
                });
        return await play;
    }

    public static void Write(PlaySummary summary, IReadOnlyCollection<string> errors, bool json)
    {
        foreach (var error in errors) Console.Error.WriteLine(error);
        if (json) Console.Out.WriteLine(summary.ToJson());
        else WriteTable(summary);
    }

    private static async Task UpdateAsync(Task play, PlayTally tally, TimeProvider time, TimeSpan refresh, Action<string> show)
    {
        var started = time.GetTimestamp();
        while (!play.IsCompleted)
        {
            await Task.WhenAny(play, Task.Delay(refresh, time, CancellationToken.None));
            var rate = Done(tally) / time.GetElapsedTime(started).TotalSeconds;
            var retries = tally.Retries > 0 ? $" · {tally.Retries} retries, last for {tally.LastTrouble?.ToLine()}" : "";
            show(string.Create(CultureInfo.InvariantCulture, $"{rate:0}/s · {tally.RefusedRequests} refused · {tally.FailedRequests} errors{retries}"));
        }
    }

    private static long Done(PlayTally tally) => tally.ServedRequests + tally.RefusedRequests + tally.FailedRequests;

    private static void WriteTable(PlaySummary summary)
    {
        var table = Terminal.NewTable("trace play", "").AlignRight(1..);
        Row("offered", summary.Offered);
        Row("admitted", summary.Admitted);
        if (summary.AlreadyAdmitted > 0) Row("  of these before this play", summary.AlreadyAdmitted);
        Row("served", summary.Served);
        if (summary.DuplicateUsage > 0) Row("  of these reported before", summary.DuplicateUsage);
        Row("refused", summary.Refused);
        foreach (var (reason, count) in summary.RefusedByReason) Row("  " + reason, count);
        Row("errors", summary.Failed);
        foreach (var (kind, count) in summary.ErrorsByKind) Row("  " + kind, count);
        Row("retries", summary.Retries);
        Row("input tokens", summary.InputTokens);
        Row("output tokens", summary.OutputTokens);
        Latency("admission", summary.AdmissionMs);
        Latency("usage post", summary.UsageMs);
        table.AddPlainRow("longest lag of an arrival", Milliseconds(summary.LongestLagMs));
        table.AddPlainRow("wall time", string.Create(CultureInfo.InvariantCulture, $"{summary.WallSeconds:0.0} s ({summary.RequestsPerSecond:N0}/s)"));
        table.AddPlainRow("id seed", summary.IdSeed);
        Terminal.Results.Write(table);
        if (summary.Interrupted) Console.Error.WriteLine($"Interrupted; --id-seed {summary.IdSeed} goes on where this play ended.");

        void Row(string name, long count) => table.AddPlainRow(name, PoolTables.Number(count));

        void Latency(string name, Percentiles p) => table.AddPlainRow(
            $"{name} p50 / p90 / p99 / max", $"{Milliseconds(p.P50)} / {Milliseconds(p.P90)} / {Milliseconds(p.P99)} / {Milliseconds(p.Max)}");
    }

    private static string Milliseconds(double value) => value.ToString("0.0", CultureInfo.InvariantCulture) + " ms";
}
