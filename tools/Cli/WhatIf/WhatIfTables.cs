using System.Globalization;
using Spectre.Console;
using TokenLedger.Cli.Commands;
using TokenLedger.Core.Replay;
using static TokenLedger.Cli.Commands.PoolTables;

namespace TokenLedger.Cli.WhatIf;

/// <summary>A what-if as two columns.</summary>
internal static class WhatIfTables
{
    public static void Write(IAnsiConsole console, WhatIfReport report)
    {
        var (recorded, whatIf) = (report.Result.Recorded, report.Result.WhatIf);
        console.WriteLine($"Pool {report.Pool}, positions {report.Window.From} to {report.Window.To}, {report.Window.Start.UtcDateTime:O} to {report.Window.End.UtcDateTime:O}: {(report.Changes.Count == 0 ? "nothing changed" : string.Join("; ", report.Changes))}.");
        var table = Terminal.NewTable("", "recorded", "what if").AlignRight(1..);
        foreach (var (name, value) in s_rows) table.AddPlainRow(name, value(recorded), value(whatIf));
        foreach (var reason in Reasons(report.Result)) table.AddPlainRow("  refused: " + reason, Number(recorded.RefusedByReason.GetValueOrDefault(reason)), Number(whatIf.RefusedByReason.GetValueOrDefault(reason)));
        console.Write(table);
        WriteEntitlements(console, recorded, whatIf);
        console.WriteLine($"{Number(report.Result.AdmittedNow)} recorded refusals are admissions here; {Number(report.Result.RefusedNow)} recorded admissions are refusals here.");
        foreach (var assumption in report.Assumptions) console.WriteLine("Assumed: " + assumption);
    }

    public static IEnumerable<string> Reasons(WhatIfResult result) =>
        result.Recorded.RefusedByReason.Keys.Union(result.WhatIf.RefusedByReason.Keys).Order(StringComparer.Ordinal);

    private static readonly (string Name, Func<RunOutcome, string> Value)[] s_rows =
    [
        ("attempts", run => Number(run.Attempts)), ("admitted", run => Number(run.Admitted)), ("  of these only in shadow mode", run => Number(run.ShadowDenied)), ("served", run => Number(run.Served)), ("tokens served", run => Number(run.TokensServed)),
        ("released", run => Number(run.Released)), ("expired", run => Number(run.Expired)), ("evicted", run => Number(run.Evicted)),
        ("tokens/s used, mean", run => Percent(run.Tokens.Mean)), ("tokens/s used, peak interval", run => Percent(run.Tokens.Peak)),
        ("KV cache used, mean", run => Percent(run.KvCacheBytes.Mean)), ("KV cache used, peak", run => Percent(run.KvCacheBytes.Peak)),
        ("sequences used, mean", run => Percent(run.Sequences.Mean)), ("sequences used, peak", run => Percent(run.Sequences.Peak)),
        ("Jain's index, received ÷ asked for", run => Ratio(run.JainIndex)), ("refused", run => Number(run.Refused)),
    ];

    private static void WriteEntitlements(IAnsiConsole console, RunOutcome recorded, RunOutcome whatIf)
    {
        var table = Terminal.NewTable("entitlement", "class", "→", "admitted", "→", "refused", "→", "received ÷ asked", "→", "debt at the end", "→").AlignRight(3..);
        foreach (var (a, b) in recorded.Entitlements.Join(whatIf.Entitlements, e => e.Entitlement, e => e.Entitlement, (a, b) => (a, b)))
            table.AddPlainRow(
                a.Entitlement.Value, Word(a.ServiceClass), Word(b.ServiceClass), Number(a.Admitted), Number(b.Admitted), Number(a.Refused), Number(b.Refused),
                Share(a), Share(b), Ratio(a.DebtAtEnd), Ratio(b.DebtAtEnd));
        console.Write(table);
    }

    private static string Share(EntitlementOutcome e) => e.AskedTokens == 0 ? "" : Percent((double)e.ReceivedTokens / e.AskedTokens);

    private static string Percent(double share) => share.ToString("0.0%", CultureInfo.InvariantCulture);

    private static string Ratio(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
