using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace TokenLedger.Cli.Bench;

/// <summary>
/// The benchmarks are a program of their own (tests/Benchmarks), which knows the services and their packages; this one starts in a fraction of a second because it does not.
/// They share a line of JSON per figure.
/// </summary>
internal static class BenchProgram
{
    private const string Name = "TokenLedger.Benchmarks";

    /// <summary>Runs the benchmarks and judges what they print. What they say about their progress goes to standard error as it comes.</summary>
    public static async Task<BenchReport> RunAsync(string figure, int seconds, int events, int requests, DirectoryInfo? folder, CancellationToken ct)
    {
        var targets = BenchTarget.Load();
        var info = new ProcessStartInfo(Locate(), [figure, "--seconds", Text(seconds), "--events", Text(events), "--requests", Text(requests), "--until", "stdin", .. Out(folder)]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var process = Process.Start(info)!;
        // The benchmarks and their servers end when this pipe does, which it also does when this process is killed.
        await using var stop = ct.Register(process.StandardInput.Close);
        JsonElement? machine = null;
        var rows = new List<BenchRow>();
        var samples = new List<BenchSample>();
        while (await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } text)
        {
            var line = Read(text);
            if (line.Machine is { } described) machine = described;
            else if (line is { Name: { } curve, At: { } at }) samples.Add(new(curve, at, line.Value));
            else if (line is { Name: { } name, Unit: { } unit }) rows.Add(BenchRow.Judge(new(name, line.Value, unit, line.Baseline, line.Against), targets.GetValueOrDefault(name)));
        }
        await process.WaitForExitAsync(CancellationToken.None);
        ct.ThrowIfCancellationRequested();
        return process.ExitCode == 0 && rows.Count > 0
            ? new($"bench {figure}", machine, rows) { Samples = samples }
            : throw CommandFailure.Failed($"The benchmarks ended with code {process.ExitCode}; what they said stands above.");
    }

    private static BenchLine Read(string text)
    {
        try
        {
            return BenchLine.Read(text);
        }
        catch (JsonException e)
        {
            throw CommandFailure.Failed($"The benchmarks printed a line that is no figure: {text} ({e.Message})");
        }
    }

    /// <summary>Builds of one configuration lie side by side.</summary>
    private static string Locate()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        var program = Path.Combine(here.Parent?.Parent?.FullName ?? "/", Name, here.Name, Name);
        return File.Exists(program) ? program : throw CommandFailure.Failed("The benchmarks are not built: start them with ./tokenledger bench in a checkout, which builds them.");
    }

    private static string[] Out(DirectoryInfo? folder) => folder is null ? [] : ["--out", folder.FullName];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
