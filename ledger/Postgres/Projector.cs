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
        // Most appends hold nothing for most projections: one statement then moves the checkpoint. It moves nothing when another projector is ahead.
        if (!events.Any(recorded => projection.Types.Contains(recorded.Type)) && await MoveAsync(connection, projection.Name, through, ct)) return through;
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
        if (await TryLockAsync(connection, name, ct) is { } checkpoint) return checkpoint;
        await using var ensure = new NpgsqlCommand(SqlText.EnsureCheckpoint, connection) { Parameters = { Named(name) } };
        await ensure.ExecuteNonQueryAsync(ct);
        return await TryLockAsync(connection, name, ct) ?? throw new InvalidOperationException($"Checkpoint '{name}' was deleted meanwhile.");
    }

    // Prepared once per connection of the pool: planning these would take longer than they do.
    private static async Task<long?> TryLockAsync(NpgsqlConnection connection, string name, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(SqlText.LockCheckpoint, connection) { Parameters = { Named(name) } };
        await command.PrepareAsync(ct);
        return await command.ExecuteScalarAsync(ct) is long checkpoint ? checkpoint : null;
    }

    /// <returns>False when it does not lie before the position.</returns>
    private static async Task<bool> MoveAsync(NpgsqlConnection connection, string name, long position, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(SqlText.SaveCheckpoint, connection)
        {
            Parameters = { Named(name), new NpgsqlParameter<long> { TypedValue = position, NpgsqlDbType = NpgsqlDbType.Bigint } },
        };
        await command.PrepareAsync(ct);
        return await command.ExecuteNonQueryAsync(ct) > 0;
    }

    private static NpgsqlParameter<string> Named(string name) => new() { TypedValue = name, NpgsqlDbType = NpgsqlDbType.Varchar };
}
