using System.Data.Common;
using Npgsql;

namespace TokenLedger.Ledger.Sealing;

/// <summary>How far the ledger is sealed, and how far it goes.</summary>
/// <param name="LedgerId">Made with the ledger's tables: no two ledgers have the same.</param>
public sealed record SealHead(Guid LedgerId, long Size, ReadOnlyMemory<byte> Chain, ReadOnlyMemory<byte> Root, long Position);

/// <summary>The stored tree over the sealed events. What it tells is for the reader to check: it holds for nothing by itself.</summary>
public sealed class SealedTree(NpgsqlDataSource source)
{
    public async Task<SealHead> HeadAsync(CancellationToken ct)
    {
        await using var command = source.CreateCommand(SqlText.SealHead);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await ReadHeadAsync(reader, ct) ?? throw new DamagedSealException("tl_seal has no row.");
    }

    /// <summary>Those of the tiles that exist.</summary>
    public async Task<IReadOnlyList<HashTile>> TilesAsync(IReadOnlyCollection<(int Level, long Index)> tiles, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await TilesAsync(connection, tiles, ct);
    }

    /// <summary>Neighbouring tiles of a level, those that exist, in order.</summary>
    public async Task<IReadOnlyList<HashTile>> TilesAsync(int level, long first, int count, CancellationToken ct)
    {
        await using var command = source.CreateCommand(SqlText.LoadTileRange).With((short)level, first, count);
        return await ReadTilesAsync(command, ct);
    }

    /// <summary>The hashes of these ranges of leaves; reads O(log n) tiles for each.</summary>
    /// <exception cref="DamagedSealException">A tile is missing.</exception>
    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> HashesAsync(IReadOnlyCollection<LeafRange> ranges, CancellationToken ct)
    {
        var tiles = new TileSet(await TilesAsync(TileSet.Needed(ranges), ct));
        return [.. ranges.Select(range => new ReadOnlyMemory<byte>(tiles.Hash(range)))];
    }

    public async Task<ReadOnlyMemory<byte>> RootAsync(long size, CancellationToken ct) => (await HashesAsync([new(0, size)], ct))[0];

    internal static async Task<IReadOnlyList<HashTile>> TilesAsync(NpgsqlConnection connection, IReadOnlyCollection<(int Level, long Index)> tiles, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(SqlText.LoadTiles, connection)
            .With(tiles.Select(tile => (short)tile.Level).ToArray(), tiles.Select(tile => tile.Index).ToArray());
        return await ReadTilesAsync(command, ct);
    }

    internal static async Task<SealHead?> ReadHeadAsync(DbDataReader row, CancellationToken ct) =>
        await row.ReadAsync(ct) ? new(row.GetGuid(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2), row.GetFieldValue<byte[]>(3), row.GetInt64(4)) : null;

    private static async Task<IReadOnlyList<HashTile>> ReadTilesAsync(NpgsqlCommand command, CancellationToken ct)
    {
        List<HashTile> tiles = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) tiles.Add(new(reader.GetInt16(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2)));
        return tiles;
    }
}
