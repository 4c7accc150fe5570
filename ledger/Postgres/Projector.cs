using System.Data;
using Npgsql;
using NpgsqlTypes;
using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>Rows derived from events. The rows and the checkpoint under <see cref="Name"/> move in one transaction, so every event counts exactly once.</summary>
public interface IProjection
{
    /// <summary>Name of its checkpoint, for ever: a new name starts from the ledger's beginning.</summary>
    string Name { get; }

    /// <summary>Wire names of the events it takes in.</summary>
    IReadOnlyCollection<string> Types { get; }

    /// <summary>Writes what the events mean, by the given connection and within its transaction only. Events come in position order, each once.</summary>
    Task ApplyAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<RecordedEvent> events, CancellationToken ct);
}

/// <summary>Brings projections forward. Two projectors of one projection may run at once: the checkpoint's row lets one in and the other then skips what is done.</summary>
public sealed class Projector(NpgsqlDataSource source, ILedger ledger)
{
    /// <summary>
    /// Applies those of the events that are beyond the projection's checkpoint and of its types, and moves the checkpoint to <paramref name="through"/>.
    /// The caller vouches that the events hold all of these types from the checkpoint on: one who finds a gap calls <see cref="CatchUpAsync"/> instead.
    /// </summary>
    /// <returns>The checkpoint afterwards: <paramref name="through"/>, or further on when another projector was ahead.</returns>
    public async Task<long> ApplyAsync(IProjection projection, IReadOnlyList<RecordedEvent> events, long through, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(projection);
        ArgumentNullException.ThrowIfNull(events);
        if (events.Any(recorded => recorded.Position > through)) throw new ArgumentException($"An event lies beyond position {through}.", nameof(events));
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, ct);
        var checkpoint = await LockAsync(connection, projection.Name, ct);
        if (checkpoint >= through) return checkpoint;
        List<RecordedEvent> fresh = [.. events.Where(recorded => recorded.Position > checkpoint && projection.Types.Contains(recorded.Type)).OrderBy(recorded => recorded.Position)];
        if (fresh.Count > 0) await projection.ApplyAsync(connection, transaction, fresh, ct);
        await MoveAsync(connection, projection.Name, through, ct);
        await transaction.CommitAsync(ct);
        return through;
    }

    /// <summary>Reads the ledger from the projection's checkpoint on, in pages of at most <paramref name="pageSize"/> events, and applies them up to the head found on the way.</summary>
    /// <returns>The checkpoint afterwards.</returns>
    public async Task<long> CatchUpAsync(IProjection projection, int pageSize, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(projection);
        var checkpoint = await ledger.LoadCheckpointAsync(projection.Name, ct);
        while (true)
        {
            var page = await ledger.ReadAllAsync(checkpoint, pageSize, projection.Types, null, ct);
            if (page.Through > checkpoint) checkpoint = await ApplyAsync(projection, page.Events, page.Through, ct);
            if (page.Events.Count < pageSize) return checkpoint;
        }
    }

    private static async Task<long> LockAsync(NpgsqlConnection connection, string name, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(SqlText.EnsureCheckpoint) { Parameters = { Named(name) } },
                new(SqlText.LockCheckpoint) { Parameters = { Named(name) } },
            },
        };
        // The insert returns no rows, so the only result is that of the select.
        return await batch.ExecuteScalarAsync(ct) is long checkpoint ? checkpoint : throw new InvalidOperationException($"Checkpoint '{name}' was deleted meanwhile.");
    }

    private static async Task MoveAsync(NpgsqlConnection connection, string name, long position, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(SqlText.SaveCheckpoint, connection) { Parameters = { Named(name), new NpgsqlParameter<long> { TypedValue = position } } };
        await command.ExecuteNonQueryAsync(ct);
    }

    private static NpgsqlParameter<string> Named(string name) => new() { TypedValue = name, NpgsqlDbType = NpgsqlDbType.Varchar };
}
