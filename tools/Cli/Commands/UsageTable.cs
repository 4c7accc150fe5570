using System.Globalization;
using Spectre.Console;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Cli.Commands;

/// <summary>A usage report as a table, with a row of totals and a column for each field that it is grouped by.</summary>
internal static class UsageTable
{
    public static void Write(IAnsiConsole console, UsageReport report)
    {
        var groups = s_groups.Where(group => report.Rows.Any(row => group.Value(row) is not null)).ToArray();
        var table = Terminal.NewTable([.. groups.Select(group => group.Name), "", .. s_amounts.Select(amount => amount.Name)]).AlignRight((groups.Length + 1)..);
        foreach (var row in report.Rows)
            table.AddPlainRow([.. groups.Select(group => group.Value(row) ?? ""), "", .. s_amounts.Select(amount => PoolTables.Number(amount.Value(row)))]);
        table.AddPlainRow([.. groups.Select(_ => ""), "total", .. s_amounts.Select(amount => PoolTables.Number(report.Rows.Sum(amount.Value)))]);
        console.Write(table);
        console.WriteLine($"True at ledger position {report.LedgerPosition}.");
    }

    private static readonly (string Name, Func<UsageRow, string?> Value)[] s_groups =
    [
        ("window", row => row.WindowStart?.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture)),
        ("tenant", row => row.Tenant?.Value),
        ("pool", row => row.Pool?.Value),
        ("entitlement", row => row.Entitlement?.Value),
        ("model", row => row.Model),
    ];

    private static readonly (string Name, Func<UsageRow, long> Value)[] s_amounts =
    [
        ("requests", row => row.Requests),
        ("input", row => row.InputTokens),
        ("cached input", row => row.CachedInputTokens),
        ("output", row => row.OutputTokens),
        ("reasoning", row => row.ReasoningTokens),
        ("cost (micros)", row => row.CostMicros),
    ];
}
