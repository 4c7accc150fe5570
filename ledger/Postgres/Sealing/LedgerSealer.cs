using System.Data;
using Npgsql;

namespace TokenLedger.Ledger.Sealing;

/// <summary>
/// Seals what has been appended: reads the events back as they are stored, moves chain and tree on, and writes the changed tiles and the new head in one transaction.
/// Any number of processes may try; the row of the head lets one do it. A process that dies half-way leaves everything as it was. One call at a time.
/// </summary>
public sealed class LedgerSealer(NpgsqlDataSource source)
{
    private readonly SealedTree _tree = new(source);
    private TileBuilder? _builder;

    /// <summary>Seals at most <paramref name="limit"/> events.</summary>
    /// <returns>How many it sealed; 0 when there is nothing to seal or another process does.</returns>
    /// <exception cref="DamagedSealException">A position is missing, or what is stored of the seal does not fit together: nothing is sealed over it.</exception>
    public async Task<int> SealAsync(int limit, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        // Most looks find nothing to do: they take no lock.
        var head = await _tree.HeadAsync(ct);
        if (head.Size >= head.Position) return 0;
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, ct);
        if (await LockAsync(connection, ct) is not { } from || from.Size >= from.Position) return 0;
        var builder = await ResumeAsync(connection, from, ct);
        // What it takes in from here on counts only once it is committed.
        _builder = null;
        await AppendAsync(connection, builder, Math.Min(from.Position, from.Size + limit), ct);
        await SaveAsync(connection, builder, ct);
        await transaction.CommitAsync(ct);
        _builder = builder;
        return (int)(builder.Size - from.Size);
    }

    private static async Task<SealHead?> LockAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(SqlText.LockSeal, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await SealedTree.ReadHeadAsync(reader, ct);
    }

    private async Task<TileBuilder> ResumeAsync(NpgsqlConnection connection, SealHead head, CancellationToken ct)
    {
        // Another process may have sealed since, or someone may have changed what is stored.
        if (_builder is { } known && known.StandsAt(head.Size, head.Chain.Span)) return known;
        var open = Enumerable.Range(0, HashTile.MostLevels).Select(level => (level, HashTile.Nodes(level, head.Size) / HashTile.Width)).ToArray();
        var tiles = await SealedTree.TilesAsync(connection, open, ct);
        var builder = TileBuilder.Resume(head.Size, head.Chain.Span, tiles);
        return builder.Root().AsSpan().SequenceEqual(head.Root.Span) ? builder : throw new DamagedSealException($"The tiles do not give the root that is stored for {head.Size} events.");
    }

    private static async Task AppendAsync(NpgsqlConnection connection, TileBuilder builder, long through, CancellationToken ct)
    {
        await using var rows = await EventRowReader.OpenAsync(connection, builder.Size, through, ct);
        var seal = new EventSeal();
        do Append(rows, seal, builder);
        while (await rows.FillAsync(ct));
        if (builder.Size < through) throw Missing(builder);
    }

    private static void Append(EventRowReader rows, EventSeal seal, TileBuilder builder)
    {
        Span<byte> leaf = stackalloc byte[Merkle.HashSize];
        while (rows.TryRead(out var e))
        {
            if (e.Position != builder.Size + 1) throw Missing(builder);
            seal.Leaf(e, leaf);
            builder.Append(leaf);
        }
    }

    private static DamagedSealException Missing(TileBuilder builder) => new($"The ledger has no event at position {builder.Size + 1}.");

    private static async Task SaveAsync(NpgsqlConnection connection, TileBuilder builder, CancellationToken ct)
    {
        var tiles = builder.TakeChanged();
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(SqlText.SaveTiles)
                {
                    Parameters =
                    {
                        new() { Value = tiles.Select(tile => (short)tile.Level).ToArray() }, new() { Value = tiles.Select(tile => tile.Index).ToArray() },
                        new() { Value = tiles.Select(tile => tile.Hashes).ToArray() },
                    },
                },
                new(SqlText.MoveSeal) { Parameters = { new() { Value = builder.Size }, new() { Value = builder.Chain.ToArray() }, new() { Value = builder.Root() } } },
            },
        };
        await batch.ExecuteNonQueryAsync(ct);
    }
}
