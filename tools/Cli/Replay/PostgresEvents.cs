using System.Runtime.CompilerServices;
using Npgsql;
using NpgsqlTypes;
using TokenLedger.Cli.Archive;
using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Cli.Replay;

/// <summary>Reads the ledger from its database, for auditors who have it: one statement whose rows are taken as they come. It needs no more than the right to select.</summary>
internal sealed class PostgresEvents : IEventSource
{
    private const int BatchEvents = 1_000;
    private static readonly string s_events = EmbeddedSql.Load(typeof(PostgresEvents).Assembly, "TokenLedger.Cli.Replay.Sql.ReadEvents.sql");
    private static readonly string s_head = EmbeddedSql.Load(typeof(PostgresEvents).Assembly, "TokenLedger.Cli.Replay.Sql.ReadHead.sql");
    private readonly NpgsqlDataSource _database;

    public PostgresEvents(string connection)
    {
        try
        {
            _database = LedgerDatabase.Open(connection);
        }
        catch (ArgumentException e)
        {
            throw CommandFailure.BadUsage($"This is no connection string: {e.Message}");
        }
    }

    public async Task<long> HeadAsync(CancellationToken ct)
    {
        await using var command = _database.CreateCommand(s_head);
        return await ReachAsync(async () => await command.ExecuteScalarAsync(ct)) is long head ? head : throw CommandFailure.Failed("The ledger has no head row.");
    }

    public async IAsyncEnumerable<IReadOnlyList<RawEvent>> ReadAsync(EventRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        await ReachAsync(async () => { await LedgerArchive.RequireReadableAsync(_database, range.After, ct); return true; });
        // A long read must not be cut off by the time that a short one may take.
        await using var command = _database.CreateCommand(s_events);
        command.CommandTimeout = 0;
        foreach (var parameter in (NpgsqlParameter[])[Number(range.After), Number(range.Through), Text(range.Stream), Text(range.Type), Text(range.DataOf)]) command.Parameters.Add(parameter);
        await using var reader = await ReachAsync(() => command.ExecuteReaderAsync(ct));
        for (var streams = new Dictionary<string, string>(); ;)
        {
            var batch = await ReachAsync(() => ReadBatchAsync(reader, streams, ct));
            if (batch.Count > 0) yield return batch;
            if (batch.Count < BatchEvents) yield break;
        }
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static async Task<List<RawEvent>> ReadBatchAsync(NpgsqlDataReader row, Dictionary<string, string> streams, CancellationToken ct)
    {
        var batch = new List<RawEvent>(BatchEvents);
        while (batch.Count < BatchEvents && await row.ReadAsync(ct))
        {
            var (stream, type) = (row.GetString(1), row.GetString(3));
            // A name is held once, not once per event.
            if (!streams.TryGetValue(stream, out var known)) streams[stream] = known = stream;
            batch.Add(new(
                row.GetInt64(0), known, row.GetInt64(2), EventCatalogue.TryFind(type, out var kind) ? kind.WireName : type,
                new DateTimeOffset(row.GetDateTime(4)), row.IsDBNull(5) ? ReadOnlyMemory<byte>.Empty : row.GetFieldValue<byte[]>(5)));
        }
        return batch;
    }

    private static async Task<T> ReachAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (NpgsqlException e)
        {
            throw CommandFailure.Failed($"The database cannot be read: {e.Message}");
        }
    }

    private static NpgsqlParameter<string?> Text(string? value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Varchar };

    private static NpgsqlParameter<long> Number(long value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bigint };
}
