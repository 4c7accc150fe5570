using System.Buffers.Binary;
using Npgsql;

namespace TokenLedger.Ledger.Sealing;

/// <summary>A signed checkpoint as it is kept.</summary>
public sealed record StoredCheckpoint(long Size, string Note, DateTimeOffset CreatedAt);

/// <summary>The checkpoints of a ledger and the public keys they were signed with.</summary>
public sealed class CheckpointStore(NpgsqlDataSource source)
{
    public Task<StoredCheckpoint?> LastAsync(CancellationToken ct) => OneAsync(source.CreateCommand(SqlText.LastCheckpointNote), ct);

    public Task<StoredCheckpoint?> OfSizeAsync(long size, CancellationToken ct) => OneAsync(source.CreateCommand(SqlText.CheckpointNoteOf).With(size), ct);

    /// <summary>Checkpoints of sizes above <paramref name="after"/>, the smallest first.</summary>
    public Task<IReadOnlyList<StoredCheckpoint>> PageAsync(long after, int limit, CancellationToken ct) =>
        ReadAsync(source.CreateCommand(SqlText.CheckpointNotes).With(after, limit), ct);

    /// <summary>The keys, the one that was used first last; those that cannot be read are left out, and what they signed then has no key. The caller disposes of them.</summary>
    public async Task<IReadOnlyList<VerifierKey>> KeysAsync(CancellationToken ct)
    {
        List<VerifierKey> keys = [];
        await using var command = source.CreateCommand(SqlText.CheckpointKeys);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            if (VerifierKey.TryImport(reader.GetString(0), reader.GetFieldValue<byte[]>(1), out var key)) keys.Add(key);
        return keys;
    }

    /// <summary>Keeps a checkpoint, unless there is one of that size.</summary>
    internal async Task SaveAsync(StoredCheckpoint checkpoint, VerifierKey key, CancellationToken ct)
    {
        var keyId = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(keyId, key.Id);
        await using var command = source.CreateCommand(SqlText.SaveCheckpointNote)
            .With(checkpoint.Size, checkpoint.Note, checkpoint.CreatedAt, keyId, key.Name, key.PublicKey.ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<StoredCheckpoint?> OneAsync(NpgsqlCommand command, CancellationToken ct) => (await ReadAsync(command, ct)).SingleOrDefault();

    private static async Task<IReadOnlyList<StoredCheckpoint>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        await using var owned = command;
        List<StoredCheckpoint> checkpoints = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) checkpoints.Add(new(reader.GetInt64(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2)));
        return checkpoints;
    }
}
