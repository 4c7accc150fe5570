using System.Diagnostics;
using System.Text.Json;

namespace TokenLedger.Tests.Integration.Scenarios;

/// <summary>The command line tool, run as a user would.</summary>
internal static class Commands
{
    /// <summary>Plays traces with one key and returns the summary.</summary>
    public static Task<JsonElement> PlayAsync(Uri admission, Uri usage, string pool, string key, IEnumerable<string> files, params string[] more) =>
        RunAsync(0, ["trace", "play", .. files, "--pool", pool, "--key", key, "--admission-url", admission.ToString(), "--usage-url", usage.ToString(), "--json", .. more]);

    /// <summary>Decides everything again and walks the ledger with the capacity audit; fails on the first difference.</summary>
    public static Task<JsonElement> VerifyAsync(Uri url, string key = ProductProcess.OperatorKey) =>
        RunAsync(0, ["replay", "--verify", "--json", "--url", url.ToString(), "--key", key]);

    /// <summary>Compares the ledger with an export.</summary>
    public static Task<JsonElement> ReconcileAsync(Uri url, string file, int exitCode, params string[] more) =>
        RunAsync(exitCode, ["reconcile", file, "--json", "--url", url.ToString(), "--key", ProductProcess.OperatorKey, .. more]);

    public static Task<JsonElement> UsageAsync(Uri url, params string[] more) => RunAsync(0, ["usage", .. more, "--json", "--url", url.ToString(), "--key", ProductProcess.OperatorKey]);

    private static async Task<JsonElement> RunAsync(int exitCode, string[] words)
    {
        var info = new ProcessStartInfo(ProductProcess.Program("Cli", "tokenledger"), words) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(info)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
        Assert.True(process.ExitCode == exitCode, $"tokenledger {words[0]} {words[1]} ended with {process.ExitCode}: {await output} {(await errors).Split('\r', '\n').LastOrDefault(line => line.Length > 0)}");
        return JsonDocument.Parse(await output).RootElement;
    }
}
