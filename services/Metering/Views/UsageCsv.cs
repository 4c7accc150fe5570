using System.Globalization;
using CsvHelper;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Metering.Views;

/// <summary>The answers as CSV (RFC 4180) with a header row; the ledger position they are true at, and the next cursor, stand in headers.</summary>
internal static class UsageCsv
{
    private static readonly string[] s_totals =
        ["windowStart", "tenant", "pool", "entitlement", "model", "requests", "inputTokens", "cachedInputTokens", "outputTokens", "reasoningTokens", "costMicros"];
    private static readonly string[] s_entries =
    [
        "position", "requestId", "source", "id", "tenant", "pool", "entitlement", "model", "admitted", "outcome",
        "inputTokens", "cachedInputTokens", "outputTokens", "reasoningTokens", "costMicros", "completedAt",
        "endLost", "correctsSource", "correctsId", "correctsPosition", "reason", "author",
    ];

    public static IResult Write(HttpContext http, long position, IReadOnlyList<UsageRow> rows) => Write(http, position, null, s_totals, rows.Select(r => new object?[]
    {
        Time(r.WindowStart), r.Tenant, r.Pool, r.Entitlement, r.Model, r.Requests, r.InputTokens, r.CachedInputTokens, r.OutputTokens, r.ReasoningTokens, r.CostMicros,
    }));

    public static IResult Write(HttpContext http, long position, IReadOnlyList<UsageEntry> entries, long? next) => Write(http, position, next, s_entries, entries.Select(e => new object?[]
    {
        e.Position, e.RequestId, e.Source, e.Id, e.Tenant, e.Pool, e.Entitlement, e.Model, e.Admitted ? "true" : "false", WordConverter<Outcome>.Word(e.Outcome),
        e.InputTokens, e.CachedInputTokens, e.OutputTokens, e.ReasoningTokens, e.CostMicros, Time(e.CompletedAt),
        e.EndLost is true ? "true" : "", e.Corrects?.Source, e.Corrects?.Id, e.Corrects?.Position, e.Corrects?.Reason, e.Corrects?.Author,
    }));

    private static IResult Write(HttpContext http, long position, long? next, string[] header, IEnumerable<object?[]> rows)
    {
        http.Response.Headers["x-tokenledger-position"] = position.ToString(CultureInfo.InvariantCulture);
        if (next is { } cursor) http.Response.Headers["x-tokenledger-next"] = cursor.ToString(CultureInfo.InvariantCulture);
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\r\n" };
        using (var csv = new CsvWriter(text, CultureInfo.InvariantCulture, leaveOpen: true))
            foreach (var row in rows.Prepend([.. header]))
            {
                foreach (var field in row) csv.WriteField(Convert.ToString(field, CultureInfo.InvariantCulture));
                csv.NextRecord();
            }
        return TypedResults.Text(text.ToString(), "text/csv; charset=utf-8");
    }

    private static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
