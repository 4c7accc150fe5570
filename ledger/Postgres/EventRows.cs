using System.Data;
using Npgsql;
using NpgsqlTypes;
using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>Rows of <c>mt_events</c>: how they are written, a column at a time, and read back, columns in the order of the .sql files.</summary>
internal static class EventRows
{
    /// <summary>The parameters of AppendEvents.sql that hold a column each.</summary>
    public static void Add(NpgsqlParameterCollection parameters, IReadOnlyList<NewEvent> events, byte[][] payloads)
    {
        Add(NpgsqlDbType.Uuid, Column(e => e.Id));
        Add(NpgsqlDbType.Jsonb, payloads);
        Add(NpgsqlDbType.Varchar, Column(e => EventCatalogue.Of(e.Data.GetType()).WireName));
        Add(NpgsqlDbType.TimestampTz, Column(e => e.Timestamp));
        Add(NpgsqlDbType.Varchar, Column(e => e.CorrelationId));
        Add(NpgsqlDbType.Varchar, Column(e => e.CausationId));

        void Add<T>(NpgsqlDbType type, T[] column) => parameters.Add(new NpgsqlParameter<T[]> { TypedValue = column, NpgsqlDbType = NpgsqlDbType.Array | type });

        T[] Column<T>(Func<NewEvent, T> value)
        {
            var column = new T[events.Count];
            for (var i = 0; i < column.Length; i++) column[i] = value(events[i]);
            return column;
        }
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
}
