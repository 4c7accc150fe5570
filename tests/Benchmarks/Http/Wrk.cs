using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;

namespace TokenLedger.Benchmarks.Http;

/// <summary>What wrk saw. Latencies are in microseconds; refused answers are those with a status of 400 or more.</summary>
internal sealed record WrkResult(long Requests, long Microseconds, long Refused, long Broken, long P50, long P99)
{
    public double PerSecond => Requests * 1e6 / Microseconds;

    public long Accepted => Requests - Refused;
}

/// <summary>The load generator wrk, with two threads and a script of the benchmarks.</summary>
internal static class Wrk
{
    private const string Program = "/usr/bin/wrk";
    private const string Mark = "RESULT ";
    public const int Threads = 2;

    /// <summary>Eight hexadecimal digits that begin the request ids of one run.</summary>
    public static string NewPrefix() => RandomNumberGenerator.GetHexString(8, lowercase: true);

    public static Task<WrkResult> RunAsync(Uri url, string mode, string key, int connections, int seconds, CancellationToken ct) =>
        RunAsync("Http/admit.lua", url, [mode, key, NewPrefix()], connections, seconds, ct);

    public static async Task<WrkResult> RunAsync(string script, Uri url, string[] arguments, int connections, int seconds, CancellationToken ct)
    {
        if (!File.Exists(Program)) throw new BenchException("wrk is not installed, and it makes the load. On Debian and Ubuntu: apt-get install wrk");
        string[] words = [$"-t{Threads}", $"-c{connections}", $"-d{seconds}s", "--timeout", "10s", "-s", Path.Combine(AppContext.BaseDirectory, script), url.ToString(), "--", .. arguments];
        using var process = Process.Start(new ProcessStartInfo(Program, words) { RedirectStandardOutput = true })!;
        await using var stop = ct.Register(process.Kill);
        var output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        ct.ThrowIfCancellationRequested();
        var line = output.Split('\n').FirstOrDefault(text => text.StartsWith(Mark, StringComparison.Ordinal)) ?? throw new BenchException($"wrk ended with code {process.ExitCode} and said: {output}");
        return JsonSerializer.Deserialize<WrkResult>(line[Mark.Length..], JsonSerializerOptions.Web)!;
    }
}
