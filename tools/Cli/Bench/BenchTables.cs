using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using TokenLedger.Cli.Commands;

namespace TokenLedger.Cli.Bench;

/// <summary>The report for a person.</summary>
internal static class BenchTables
{
    public static void Write(IAnsiConsole console, BenchReport report)
    {
        if (report.Machine is { } machine)
            console.WriteLine(string.Join(" · ", machine.EnumerateObject().Select(field => $"{field.Name} {(field.Value.ValueKind == JsonValueKind.Number ? field.Value.GetRawText() : field.Value.GetString())}")));
        var table = Terminal.NewTable("figure", "value", "95 %", "unit", "baseline", "which is", "ratio", "target", "ok");
        foreach (var column in (int[])[1, 2, 4, 6]) table.Columns[column].Alignment = Justify.Right;
        foreach (var row in report.Rows)
            table.AddPlainRow(row.Name, Number(row.Value), row.Low is null ? "" : $"{Number(row.Low)} to {Number(row.High)}", row.Unit, Number(row.Baseline), row.Against ?? "", Number(row.Ratio), row.Rule ?? "", row.Ok switch { true => "yes", false => "NO", null => "" });
        console.Write(table);
    }

    /// <summary>Three digits after the point where they matter, none where they do not.</summary>
    private static string Number(double? value) => value?.ToString(Math.Abs(value.Value) >= 1_000 ? "#,##0" : "0.###", CultureInfo.InvariantCulture) ?? "";
}
