using System.Data;
using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Core.Metering;

namespace TokenLedger.Metering.Views;

/// <summary>Reads the lines of statements, and the position they are true at, from one snapshot.</summary>
internal sealed class BillingLines(NpgsqlDataSource source)
{
    private static readonly string s_lines = UsageSql.Load("LinesOf");
    private static readonly string s_position = UsageSql.Load("UsagePosition");

    public async Task<(long Position, List<KeyValuePair<LineKey, LineSum>> Lines)> ReadAsync(BillingMonth? after, BillingMonth to, TenantId? tenant, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        await using var position = new NpgsqlCommand(s_position, connection, transaction);
        var at = (long)(await position.ExecuteScalarAsync(ct))!;
        await using var command = new NpgsqlCommand(s_lines, connection, transaction)
        {
            Parameters = { Text(after?.ToString()), Text(to.ToString()), Text(tenant?.Value) },
        };
        List<KeyValuePair<LineKey, LineSum>> lines = [];
        await using (var reader = await command.ExecuteReaderAsync(ct))
            while (await reader.ReadAsync(ct)) lines.Add(new(Key(reader), new(reader.GetInt64(10), reader.GetInt64(11), reader.GetInt64(12), reader.GetInt64(13))));
        await transaction.CommitAsync(ct);
        return (at, lines);
    }

    private static LineKey Key(NpgsqlDataReader row) => new(
        BillingMonth.Parse(row.GetString(0)), BillingMonth.Parse(row.GetString(1)), Id<TenantId>(row.GetString(2)), Id<PoolId>(row.GetString(3)), Id<EntitlementId>(row.GetString(4)),
        row.GetString(5) is { Length: > 0 } model ? model : null, Word<ServiceClass>(row.GetString(6)), Word<PriceKind>(row.GetString(7))!.Value, Word<PricingCategory>(row.GetString(8))!.Value,
        Word<CommitmentStatus>(row.GetString(9)));

    private static T? Id<T>(string text) where T : struct, IId<T> => T.TryParse(text, null, out var id) ? id : null;

    private static T? Word<T>(string text) where T : struct, Enum => text.Length == 0 ? null : Enum.GetValues<T>().First(value => WordConverter<T>.Word(value) == text);

    private static NpgsqlParameter<string?> Text(string? value) => new() { TypedValue = value };
}
