using System.Diagnostics;
using System.Text.Json;
using TokenLedger.Benchmarks.Http;

namespace TokenLedger.Benchmarks.Views;

/// <summary>What an auditor does with the command line tool and the database (decide everything again; recompute every hash), against reading the same rows and doing nothing with them.</summary>
internal sealed class AuditBench(FilledLedger ledger)
{
    public async Task ReplayAsync(CancellationToken ct)
    {
        var read = await ledger.ReadSecondsAsync(type: null, ct);
        var report = await RunAsync(["replay", "--verify"], ct);
        var decisions = report.GetProperty("pools").EnumerateArray().Sum(pool => pool.GetProperty("decisions").GetInt64());
        Results.Row("replay/decisions", decisions / report.GetProperty("seconds").GetDouble(), "decisions/s", decisions / read, "reading the same rows");
    }

    public async Task VerifyAsync(CancellationToken ct)
    {
        var read = await ledger.ReadSecondsAsync(type: null, ct);
        var report = await RunAsync(["verify"], ct);
        Results.Row("verify/events", report.GetProperty("eventsPerSecond").GetDouble(), "events/s", ledger.Events / read, "reading the same rows");
    }

    private async Task<JsonElement> RunAsync(string[] command, CancellationToken ct)
    {
        string[] words = [.. command, "--json", "--postgres", ledger.Connection];
        using var process = Process.Start(new ProcessStartInfo(Instance.Program("TokenLedger.Cli", "tokenledger"), words) { RedirectStandardOutput = true })!;
        await using var stop = ct.Register(process.Kill);
        var output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        ct.ThrowIfCancellationRequested();
        return process.ExitCode == 0 ? JsonDocument.Parse(output).RootElement : throw new BenchException($"{string.Join(' ', command)} ended with code {process.ExitCode}: {output}");
    }
}
