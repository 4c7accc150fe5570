using System.Data;
using Npgsql;
using NpgsqlTypes;
using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>The ledger in PostgreSQL. Its tables come from <see cref="LedgerDatabase.UpgradeAsync"/>, its schema from the data source's search path.</summary>
public sealed class PostgresLedger(NpgsqlDataSource source, int recentEvents = PostgresLedger.DefaultRecentEvents) : ILedger
{
    private const string EventIdIndex = "idx_mt_events_event_id";
    /// <summary>Events of this process kept at hand for its own readers.</summary>
    public const int DefaultRecentEvents = 16_384;
    private static readonly Dictionary<Guid, Guid> s_noCauses = [];
    private readonly LedgerSignals _signals = new();
    private readonly RecentEvents _recent = new(recentEvents);

    public async Task<Appended> AppendAsync(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken ct)
    {
        var payloads = EventPayloads.Of(stream, expectedVersion, events);
        _recent.Begin();
        try
        {
            var position = await TryAppendAsync(stream, expectedVersion, events, payloads, ct) ?? throw new VersionConflictException(stream, expectedVersion);
            var first = new Appended(position, expectedVersion + 1);
            _recent.Add(stream, first, events);
            return first;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw e.ConstraintName == EventIdIndex ? new DuplicateEventException(stream, e) : new VersionConflictException(stream, expectedVersion, e);
        }
        finally
        {
            _signals.Set(_recent.End());
        }
    }

    public async Task<IReadOnlyList<RecordedEvent>> ReadStreamAsync(string stream, long afterVersion, int limit, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        // The version is asked for first: what is appended in between is then more than was expected, not less.
        var version = await VersionAsync(stream, ct);
        var page = await ReadAsync(SqlText.ReadStream, [Text(stream), Number(afterVersion), Number(limit)], ct);
        ArchivedEvents.RequireDense(stream, afterVersion, page, version);
        return page;
    }

    public async Task<LedgerPage> ReadAllAsync(long after, int limit, IReadOnlyCollection<string>? types, string? stream, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        var condition = TypeCondition.Of(types);
        if (_recent.Read(after, limit, types, stream) is { } recent) return recent;
        // The head is read before the events. Positions become visible in their order, so whatever is at or below that head is visible to the second statement;
        // what it sees beyond counts as well, because it is the last of a page that lacks nothing before it.
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(SqlText.ReadableHead)
                {
                    // The events of one stream come off its own index, and may have to be sorted.
                    Parameters = { new NpgsqlParameter<string[]?> { TypedValue = types?.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar }, Text(stream is null ? "off" : "on") },
                },
                new(SqlText.ReadAll.Replace("${types}", condition, StringComparison.Ordinal)) { Parameters = { Number(after), Number(limit), Text(stream) } },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(CommandBehavior.SequentialAccess, ct);
        var (head, archivedThrough) = await reader.ReadAsync(ct) ? (reader.GetInt64(0), reader.GetInt64(1)) : throw new InvalidOperationException("The ledger has no head row.");
        ArchivedEvents.RequireReadable(after, archivedThrough);
        await reader.NextResultAsync(ct);
        var events = await EventRows.ReadAsync(reader, ct);
        return LedgerPages.Of(events, after, limit, head);
    }

    public Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) => FindAsync(ids, s_noCauses, ct);

    public async Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<Guid> ids, IReadOnlyDictionary<Guid, Guid> causes, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(causes);
        var recent = _recent.Find(ids, causes, out var others);
        if (others.Count == 0) return recent;
        var recorded = await ReadPreparedAsync(SqlText.FindEvents, [new NpgsqlParameter<Guid[]> { TypedValue = [.. others], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid }], ct);
        return recent.Count == 0 ? recorded : [.. recent, .. recorded];
    }

    public Task<long> HeadAsync(CancellationToken ct) => NumberAsync(SqlText.Head, [], ct);

    public Task<long> VersionAsync(string stream, CancellationToken ct) => NumberAsync(SqlText.StreamVersion, [Text(stream)], ct);

    // The type stands in the text as a literal: only so does the planner see that the index holds it.
    public Task<long> LastVersionAsync(string stream, string type, CancellationToken ct) =>
        NumberAsync(SqlText.LastVersion.Replace("${type}", TypeCondition.Of([type]), StringComparison.Ordinal), [Text(stream)], ct);

    public Task<long> LoadCheckpointAsync(string name, CancellationToken ct) => NumberAsync(SqlText.LoadCheckpoint, [Text(name)], ct);

    public async Task SaveCheckpointAsync(string name, long position, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var command = new NpgsqlCommand(SqlText.SaveCheckpoint, connection) { Parameters = { Text(name), Number(position) } };
        await command.PrepareAsync(ct);
        await command.ExecuteNonQueryAsync(ct);
    }

    public Task<bool> WaitForAppendAsync(LedgerSignal signal, TimeSpan patience, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(signal);
        return signal.WaitAsync(patience, ct);
    }

    public LedgerSignal Subscribe() => _signals.Add();

    /// <summary>Appends in one round trip. Prepared once per connection of the pool; from then on that costs none.</summary>
    private async Task<long?> TryAppendAsync(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, byte[][] payloads, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var command = new NpgsqlCommand(SqlText.AppendEvents, connection)
        {
            Parameters =
            {
                Text(stream), Number(expectedVersion), Number(events.Count),
                new NpgsqlParameter<DateTimeOffset> { TypedValue = events[^1].Timestamp, NpgsqlDbType = NpgsqlDbType.TimestampTz },
            },
        };
        EventRows.Add(command.Parameters, events, payloads);
        await command.PrepareAsync(ct);
        await using var reader = await command.ExecuteReaderAsync(ct);
        long? position = await reader.ReadAsync(ct) ? reader.GetInt64(0) : null;
        // The commit comes after the row: only the end of the results says that it succeeded.
        while (await reader.NextResultAsync(ct)) { }
        return position;
    }

    private async Task<IReadOnlyList<RecordedEvent>> ReadAsync(string sql, NpgsqlParameter[] parameters, CancellationToken ct)
    {
        await using var command = Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, ct);
        return await EventRows.ReadAsync(reader, ct);
    }

    /// <summary>As <see cref="ReadAsync"/>, of a statement that one plan is good for: it is made once per connection of the pool.</summary>
    private async Task<IReadOnlyList<RecordedEvent>> ReadPreparedAsync(string sql, NpgsqlParameter[] parameters, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await command.PrepareAsync(ct);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, ct);
        return await EventRows.ReadAsync(reader, ct);
    }

    private async Task<long> NumberAsync(string sql, NpgsqlParameter[] parameters, CancellationToken ct)
    {
        await using var command = Command(sql, parameters);
        return await command.ExecuteScalarAsync(ct) is long number ? number : 0;
    }

    private NpgsqlCommand Command(string sql, NpgsqlParameter[] parameters)
    {
        var command = source.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        return command;
    }

    private static NpgsqlParameter<string?> Text(string? value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Varchar };

    private static NpgsqlParameter<long> Number(long value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bigint };
}
