namespace TokenLedger.Ledger.Sealing;

/// <summary>Some tiles of a tree, and the hashes that follow from them.</summary>
public sealed class TileSet(IEnumerable<HashTile> tiles)
{
    private readonly Dictionary<(int Level, long Index), byte[]> _tiles = tiles.ToDictionary(tile => (tile.Level, tile.Index), tile => tile.Hashes);

    /// <summary>The tiles that the hashes of these ranges follow from: of a tree of n leaves O(log n) for each.</summary>
    public static IReadOnlyCollection<(int Level, long Index)> Needed(IEnumerable<LeafRange> ranges) => ranges.SelectMany(Subtrees).Select(TileOf).ToHashSet();

    /// <summary>The root of the tree over a range of leaves.</summary>
    /// <exception cref="DamagedSealException">A node is not among the tiles.</exception>
    public byte[] Hash(LeafRange range)
    {
        var hash = new byte[Merkle.HashSize];
        if (range.End == range.Start) Merkle.EmptyRoot.CopyTo(hash);
        else if (range.IsSubtree) Merkle.SubtreeRoot(Nodes(range), hash);
        else
        {
            var (left, right) = range.Split();
            Merkle.Node(Hash(left), Hash(right), hash);
        }
        return hash;
    }

    private static IEnumerable<LeafRange> Subtrees(LeafRange range)
    {
        if (range.End == range.Start) return [];
        if (range.IsSubtree) return [range];
        var (left, right) = range.Split();
        return Subtrees(left).Concat(Subtrees(right));
    }

    private static (int Level, long Index) TileOf(LeafRange subtree)
    {
        var level = subtree.Level / HashTile.Height;
        return (level, HashTile.Nodes(level, subtree.Start) / HashTile.Width);
    }

    /// <summary>The nodes within one tile that make up a subtree.</summary>
    private ReadOnlySpan<byte> Nodes(LeafRange subtree)
    {
        var (level, index) = TileOf(subtree);
        var start = (int)(HashTile.Nodes(level, subtree.Start) % HashTile.Width) * Merkle.HashSize;
        var length = Merkle.HashSize << (subtree.Level % HashTile.Height);
        return _tiles.TryGetValue((level, index), out var hashes) && hashes.Length >= start + length
            ? hashes.AsSpan(start, length)
            : throw new DamagedSealException($"Tile {index} of level {level} is missing or too short.");
    }
}
