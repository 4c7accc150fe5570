using System.Numerics;

namespace TokenLedger.Ledger.Sealing;

/// <summary>A growing tree reduced to its whole subtrees, one for each bit of its size: enough to append and to tell the root.</summary>
public sealed class MerkleFrontier
{
    private const int Levels = 63;
    // The whole subtree of level n stands at n where bit n of the size is set.
    private readonly byte[] _nodes = new byte[Levels * Merkle.HashSize];
    private readonly byte[] _completed = new byte[Levels * Merkle.HashSize];

    /// <summary>Leaves so far.</summary>
    public long Size { get; private set; }

    /// <summary>Appends a leaf hash; costs one node on average.</summary>
    public void Append(ReadOnlySpan<byte> leaf)
    {
        var level = 0;
        leaf.CopyTo(At(_completed, 0));
        for (; (Size >> level & 1) == 1; level++) Merkle.Node(At(_nodes, level), At(_completed, level), At(_completed, level + 1));
        At(_completed, level).CopyTo(At(_nodes, level));
        Size++;
    }

    /// <summary>The node that the last append completed at a level: there is one when 2^level divides the size.</summary>
    public ReadOnlySpan<byte> Completed(int level) =>
        BitOperations.TrailingZeroCount(Size) >= level && Size > 0 ? At(_completed, level) : throw new ArgumentOutOfRangeException(nameof(level));

    /// <summary>Adds a whole subtree of 2^level leaves to a tree whose size that number divides.</summary>
    internal void AppendSubtree(int level, ReadOnlySpan<byte> root)
    {
        if ((Size & ((2L << level) - 1)) != 0) throw new ArgumentException($"A subtree of level {level} does not follow {Size} leaves.", nameof(level));
        root.CopyTo(At(_nodes, level));
        Size += 1L << level;
    }

    /// <summary>The root of the tree as it is now.</summary>
    public void Root(Span<byte> root)
    {
        if (Size == 0)
        {
            Merkle.EmptyRoot.CopyTo(root);
            return;
        }
        var level = BitOperations.TrailingZeroCount(Size);
        At(_nodes, level).CopyTo(root);
        for (level++; Size >> level > 0; level++)
            if ((Size >> level & 1) == 1) Merkle.Node(At(_nodes, level), root, root);
    }

    private static Span<byte> At(byte[] nodes, int level) => nodes.AsSpan(level * Merkle.HashSize, Merkle.HashSize);
}
