using System.Data;
using Npgsql;
using NpgsqlTypes;
using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>Rows of <c>mt_events</c>: how they are written by binary COPY and read back, columns in the order of the .sql files.</summary>
internal static class EventRows
{
    public static async Task WriteAsync(NpgsqlConnection connection, string stream, Appended first, IReadOnlyList<NewEvent> events, byte[][] payloads, CancellationToken ct)
    {
        await using var copy = await connection.BeginBinaryImportAsync(SqlText.CopyEvents, ct);
        for (var i = 0; i < payloads.Length; i++)
        {
            var recorded = events[i];
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(first.FirstPosition + i, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(recorded.Id, NpgsqlDbType.Uuid, ct);
            await copy.WriteAsync(stream, NpgsqlDbType.Varchar, ct);
            await copy.WriteAsync(first.FirstVersion + i, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(payloads[i], NpgsqlDbType.Jsonb, ct);
            await copy.WriteAsync(EventCatalogue.Of(recorded.Data.GetType()).WireName, NpgsqlDbType.Varchar, ct);
            await copy.WriteAsync(recorded.Timestamp, NpgsqlDbType.TimestampTz, ct);
            await WriteAsync(copy, recorded.CorrelationId, ct);
            await WriteAsync(copy, recorded.CausationId, ct);
        }
        await copy.CompleteAsync(ct);
    }

    /// <summary>
    /// The rows of a reader opened with <see cref="CommandBehavior.SequentialAccess"/>, column by column in their order: the books of a large pool are tens of megabytes,
    /// which are read once into the event's JSON and not into a buffer before.
    /// </summary>
    public static async Task<IReadOnlyList<RecordedEvent>> ReadAsync(NpgsqlDataReader row, CancellationToken ct)
    {
        var events = new List<RecordedEvent>();
        while (await row.ReadAsync(ct))
        {
            var (position, stream, version, id) = (row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetGuid(3));
            var (type, timestamp) = (Interned(row.GetString(4)), row.GetFieldValue<DateTimeOffset>(5));
            var data = EventCatalogue.Deserialize(type, await row.GetFieldValueAsync<byte[]>(6, ct));
            events.Add(new(position, stream, version, id, type, timestamp, data, Text(row, 7), Text(row, 8)));
        }
        return events;
    }

    // The catalogue's own string, so that a long list of events does not hold its type's name once per event.
    private static string Interned(string type) => EventCatalogue.TryFind(type, out var kind) ? kind.WireName : type;

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static Task WriteAsync(NpgsqlBinaryImporter copy, string? text, CancellationToken ct) =>
        text is null ? copy.WriteNullAsync(ct) : copy.WriteAsync(text, NpgsqlDbType.Varchar, ct);
}
