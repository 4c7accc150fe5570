using System.Text.Json;
using Spectre.Console;
using TokenLedger.Cli.Commands;

namespace TokenLedger.Cli.Reconcile;

/// <summary>What a reconciliation found: the requests that differ, one a line, and the totals of both sides.</summary>
internal static class ReconcileOutput
{
    public static void WriteText(TextWriter output, IAnsiConsole console, Reconciliation result, long position)
    {
        foreach (var difference in result.Differences)
            output.WriteLine($"{difference.Kind}\t{difference.Request}\tfile: {Words(difference.File, result)}\tledger: {Words(difference.Ledger, result)}");
        var (file, ledger) = (result.File, result.Ledger);
        var kinds = result.Differences.CountBy(difference => difference.Kind).ToDictionary();
        var table = Terminal.NewTable("", "file", "ledger", "ledger - file").AlignRight(1..);
        table.AddPlainRow("requests", PoolTables.Number(file.Requests), PoolTables.Number(ledger.Requests), PoolTables.Number(ledger.Requests - file.Requests));
        foreach (var ((name, inFile), (_, inLedger)) in file.Tokens.Of(result.Kinds).Zip(ledger.Tokens.Of(result.Kinds)))
            table.AddPlainRow(name, PoolTables.Number(inFile), PoolTables.Number(inLedger), PoolTables.Number(inLedger - inFile));
        output.Flush();
        console.Write(table);
        console.WriteLine($"{kinds.GetValueOrDefault("missing")} missing in the ledger, {kinds.GetValueOrDefault("extra")} extra, {kinds.GetValueOrDefault("different")} different. True at ledger position {position}.");
    }

    /// <summary>One JSON object, written as it is made: the differences may be as many as the requests.</summary>
    public static void WriteJson(Stream output, Reconciliation result, long position)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteNumber("ledgerPosition", position);
        json.WriteBoolean("ok", !result.Differences.Any());
        foreach (var (side, total) in ((string, SideTotals)[])[("file", result.File), ("ledger", result.Ledger)])
        {
            json.WriteStartObject(side);
            json.WriteNumber("requests", total.Requests);
            Write(json, total.Tokens, result);
            json.WriteEndObject();
        }
        json.WriteStartArray("differences");
        foreach (var difference in result.Differences) Write(json, difference, result);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Difference difference, Reconciliation result)
    {
        json.WriteStartObject();
        json.WriteString("kind", difference.Kind);
        json.WriteString("requestId", difference.Request.Value);
        foreach (var (side, counts) in ((string, Counts?)[])[("file", difference.File), ("ledger", difference.Ledger)])
        {
            if (counts is not { } there) continue;
            json.WriteStartObject(side);
            Write(json, there, result);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Counts counts, Reconciliation result)
    {
        foreach (var (name, tokens) in counts.Of(result.Kinds)) json.WriteNumber(name, tokens);
    }

    private static string Words(Counts? counts, Reconciliation result) =>
        counts is { } there ? string.Join(", ", there.Of(result.Kinds).Select(kind => FormattableString.Invariant($"{kind.Tokens} {kind.Name}"))) : "not there";
}
