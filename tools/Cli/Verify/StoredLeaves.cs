using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

internal static class StoredLeaves
{
    /// <summary>The hashes of neighbouring tiles one behind the other, up to the first hole or short tile: behind it nothing would be in its place.</summary>
    public static ReadOnlyMemory<byte> Join(IReadOnlyList<HashTile> tiles, long first)
    {
        var joined = new byte[tiles.Count * HashTile.FullSize];
        var length = 0;
        foreach (var (offset, tile) in tiles.Index())
        {
            if (tile.Index != first + offset || length != offset * HashTile.FullSize) break;
            tile.Hashes.CopyTo(joined, length);
            length += tile.Hashes.Length;
        }
        return joined.AsMemory(0, length);
    }
}
