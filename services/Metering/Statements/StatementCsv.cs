using System.Globalization;
using CsvHelper;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Metering.Statements;

/// <summary>A statement's lines as CSV (RFC 4180).</summary>
internal static class StatementCsv
{
    private static readonly string[] s_columns =
    [
        "tenant", "period", "originalPeriod", "pool", "entitlement", "model", "serviceClass", "kind", "category", "commitment", "tokens", "micros", "currency",
    ];

    public static IResult Write(StatementView statement) => Write(s_columns, statement.Lines.Select(line => new object?[]
    {
        statement.Tenant, statement.Period, line.OriginalPeriod, line.Pool, line.Entitlement, line.Model, Word(line.ServiceClass), Word<PriceKind>(line.Kind), Word<PricingCategory>(line.Category),
        Word(line.Commitment), line.Tokens, line.Micros, statement.Currency,
    }));

    public static IResult Write(string[] columns, IEnumerable<object?[]> rows)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\r\n" };
        using (var csv = new CsvWriter(text, CultureInfo.InvariantCulture, leaveOpen: true))
            foreach (var row in rows.Prepend([.. columns]))
            {
                foreach (var field in row) csv.WriteField(Convert.ToString(field, CultureInfo.InvariantCulture));
                csv.NextRecord();
            }
        return TypedResults.Text(text.ToString(), "text/csv; charset=utf-8");
    }

    public static string? Word<T>(T? value) where T : struct, Enum => value is { } known ? WordConverter<T>.Word(known) : null;
}
