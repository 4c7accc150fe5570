using System.Data;
using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Metering.Views;

/// <summary>What to group totals by.</summary>
internal sealed record Grouping(string Window, bool Tenant, bool Pool, bool Entitlement, bool Model);

/// <summary>Reads the usage views. Rows and the position they are true at come from one snapshot.</summary>
internal sealed class UsageQueries(NpgsqlDataSource source)
{
    /// <summary>Groups in one answer; more needs a narrower question.</summary>
    public const int MostRows = 100_000;
    private static readonly string s_byHour = UsageSql.Load("UsageByHour");
    private static readonly string s_byDay = UsageSql.Load("UsageByDay");
    private static readonly string s_byEntry = UsageSql.Load("UsageByEntry");
    private static readonly string s_history = UsageSql.Load("UsageHistory");
    private static readonly string s_position = UsageSql.Load("UsagePosition");

    public Task<(long Position, List<UsageRow> Rows)> TotalsAsync(UsageFilter filter, Grouping by, CancellationToken ct) => ReadAsync(
        filter.IsWholeDays && by.Window != "hour" ? s_byDay : filter.IsWholeHours ? s_byHour : s_byEntry,
        [new() { Value = by.Window }, new() { Value = by.Tenant }, new() { Value = by.Pool }, new() { Value = by.Entitlement }, new() { Value = by.Model }, .. Parameters(filter), new() { Value = MostRows + 1 }],
        row => new UsageRow(
            Time(row, 0), TenantId.TryParse(Text(row, 1), null, out var tenant) ? tenant : null, PoolId.TryParse(Text(row, 2), null, out var pool) ? pool : null,
            EntitlementId.TryParse(Text(row, 3), null, out var entitlement) ? entitlement : null, Text(row, 4),
            row.GetInt64(5), row.GetInt64(6), row.GetInt64(7), row.GetInt64(8), row.GetInt64(9), row.GetInt64(10)), ct);

    public Task<(long Position, List<UsageEntry> Rows)> HistoryAsync(UsageFilter filter, bool? admitted, long after, int limit, CancellationToken ct) => ReadAsync(
        s_history, [.. Parameters(filter), new() { Value = after }, new() { Value = limit }, new() { Value = (object?)admitted ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Boolean }],
        row => new UsageEntry(
            row.GetInt64(0), new RequestId(row.GetGuid(1)), row.GetString(2), row.GetString(3),
            TenantId.TryParse(Text(row, 4), null, out var tenant) ? tenant : null, PoolId.TryParse(Text(row, 5), null, out var pool) ? pool : null,
            EntitlementId.TryParse(Text(row, 6), null, out var entitlement) ? entitlement : null, Text(row, 7), row.GetBoolean(8),
            Enum.GetValues<Outcome>().First(o => WordConverter<Outcome>.Word(o) == row.GetString(9)),
            row.GetInt64(10), row.GetInt64(11), row.GetInt64(12), row.GetInt64(13), row.GetInt64(14), Time(row, 15)!.Value,
            row.GetBoolean(16) ? true : null, row.IsDBNull(17) ? null : new(row.GetString(18), row.GetString(19), row.GetInt64(17), row.GetString(20), row.GetString(21))), ct);

    /// <summary>Rows and the position of the views, in one snapshot.</summary>
    public async Task<(long Position, List<T> Rows)> ReadAsync<T>(string sql, NpgsqlParameter[] parameters, Func<NpgsqlDataReader, T> read, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        await using var position = new NpgsqlCommand(s_position, connection, transaction);
        var at = (long)(await position.ExecuteScalarAsync(ct))!;
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        command.Parameters.AddRange(parameters);
        var rows = new List<T>();
        await using (var reader = await command.ExecuteReaderAsync(ct))
            while (await reader.ReadAsync(ct)) rows.Add(read(reader));
        await transaction.CommitAsync(ct);
        return (at, rows);
    }

    private static NpgsqlParameter[] Parameters(UsageFilter filter) =>
        [Text(filter.Tenant?.Value), Text(filter.Pool?.Value), Text(filter.Entitlement?.Value), Text(filter.Model), Time(filter.From), Time(filter.To)];

    private static NpgsqlParameter<string?> Text(string? value) => new() { TypedValue = value };

    private static NpgsqlParameter Time(DateTimeOffset? value) => new() { Value = (object?)value?.ToUniversalTime() ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz };

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) || row.GetString(column) is "" ? null : row.GetString(column);

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
