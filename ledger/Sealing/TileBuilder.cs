namespace TokenLedger.Ledger.Sealing;

/// <summary>Appends leaves to tree and chain and tells which tiles have changed.</summary>
public sealed class TileBuilder
{
    private readonly MerkleFrontier _frontier = new();
    private readonly byte[][] _open = [.. Enumerable.Range(0, HashTile.MostLevels).Select(_ => new byte[HashTile.FullSize])];
    private readonly byte[] _chain = new byte[Merkle.HashSize];
    private readonly List<HashTile> _filled = [];
    private long _takenAt;

    /// <summary>Leaves so far.</summary>
    public long Size => _frontier.Size;

    public ReadOnlySpan<byte> Chain => _chain;

    /// <summary>Continues a tree: from its chain hash, and of each level of tiles the last one unless that is full.</summary>
    public static TileBuilder Resume(long size, ReadOnlySpan<byte> chain, IReadOnlyCollection<HashTile> open)
    {
        ArgumentNullException.ThrowIfNull(open);
        var builder = new TileBuilder { _takenAt = size };
        chain.CopyTo(builder._chain);
        for (var level = HashTile.MostLevels - 1; level >= 0; level--)
            if (NodesInOpen(level, size) is > 0 and var nodes) builder.Restore(level, nodes, Hashes(open, level, size));
        return builder;
    }

    public bool StandsAt(long size, ReadOnlySpan<byte> chain) => Size == size && chain.SequenceEqual(_chain);

    public void Append(ReadOnlySpan<byte> leaf)
    {
        Merkle.Link(_chain, leaf);
        _frontier.Append(leaf);
        for (var level = 0; level < HashTile.MostLevels; level++)
        {
            var nodes = HashTile.Nodes(level, Size);
            var place = (int)((nodes - 1) % HashTile.Width);
            _frontier.Completed(level * HashTile.Height).CopyTo(_open[level].AsSpan(place * Merkle.HashSize));
            if (place != HashTile.Width - 1) return;
            _filled.Add(new(level, nodes / HashTile.Width - 1, (byte[])_open[level].Clone()));
        }
    }

    public byte[] Root()
    {
        var root = new byte[Merkle.HashSize];
        _frontier.Root(root);
        return root;
    }

    /// <summary>The tiles that were filled since this was last asked.</summary>
    public IReadOnlyList<HashTile> TakeFilled()
    {
        HashTile[] filled = [.. _filled];
        _filled.Clear();
        return filled;
    }

    /// <summary>The tiles that changed since this was last asked: those that were filled, and of each level the open one where it has grown.</summary>
    public IReadOnlyList<HashTile> TakeChanged()
    {
        List<HashTile> changed = [.. TakeFilled()];
        for (var level = 0; level < HashTile.MostLevels; level++)
            if (NodesInOpen(level, Size) is > 0 and var nodes && HashTile.Nodes(level, Size) > HashTile.Nodes(level, _takenAt))
                changed.Add(new(level, HashTile.Nodes(level, Size) / HashTile.Width, _open[level][..(nodes * Merkle.HashSize)]));
        _takenAt = Size;
        return changed;
    }

    private static int NodesInOpen(int level, long size) => (int)(HashTile.Nodes(level, size) % HashTile.Width);

    private static byte[] Hashes(IEnumerable<HashTile> open, int level, long size)
    {
        var index = HashTile.Nodes(level, size) / HashTile.Width;
        var tile = open.FirstOrDefault(tile => tile.Level == level && tile.Index == index);
        return tile is not null && tile.Hashes.Length >= NodesInOpen(level, size) * Merkle.HashSize
            ? tile.Hashes
            : throw new DamagedSealException($"Tile {index} of level {level}, which a tree of {size} leaves must have, is missing or too short.");
    }

    /// <summary>Takes the nodes of one level's open tile in, largest subtree first.</summary>
    private void Restore(int level, int nodes, byte[] hashes)
    {
        hashes.AsSpan(0, nodes * Merkle.HashSize).CopyTo(_open[level]);
        Span<byte> root = stackalloc byte[Merkle.HashSize];
        var taken = 0;
        for (var height = HashTile.Height - 1; height >= 0; height--)
        {
            if ((nodes >> height & 1) == 0) continue;
            Merkle.SubtreeRoot(hashes.AsSpan(taken * Merkle.HashSize, Merkle.HashSize << height), root);
            _frontier.AppendSubtree(level * HashTile.Height + height, root);
            taken += 1 << height;
        }
    }
}

/// <summary>What is stored of the seal does not fit together: it was damaged or tampered with.</summary>
public sealed class DamagedSealException(string reason) : Exception(reason);
