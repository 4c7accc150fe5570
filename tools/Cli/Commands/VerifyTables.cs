using System.Globalization;
using Spectre.Console;
using TokenLedger.Cli.Verify;

namespace TokenLedger.Cli.Commands;

/// <summary>The result of a verification in words.</summary>
internal static class VerifyTables
{
    public static void Write(IAnsiConsole console, VerifyReport report)
    {
        List<(string Name, string Value)> lines =
        [
            ("events", Number(report.Events)), ("signed through position", Number(report.SignedThrough)), ("checkpoints agreed with", Number(report.Checkpoints)),
            ("root", Convert.ToBase64String(report.Root.Span)), ("chain", Convert.ToBase64String(report.Chain.Span)),
            .. report.Keys.Select(key => (report.KeysAreGiven ? "given key" : "key named by the ledger", key)),
            ("time", string.Create(CultureInfo.InvariantCulture, $"{report.Seconds:0.0} s, {report.EventsPerSecond:N0} events/s")),
        ];
        // No table: a key is longer than a terminal is wide, and is there to be copied.
        foreach (var (name, value) in lines) console.WriteLine($"{name,-24} {value}");
        if (!report.Ok) return;
        console.WriteLine("Every event is the one that was sealed, and every checkpoint agrees.");
        if (!report.KeysAreGiven) console.WriteLine("The ledger named its key itself: compare it with one that you were given another way, or pass --ledger-key.");
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
