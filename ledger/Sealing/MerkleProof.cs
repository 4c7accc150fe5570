using System.Numerics;

namespace TokenLedger.Ledger.Sealing;

/// <summary>Neighbouring leaves [Start, End) whose hash a proof names. Such a range is one that RFC 6962 splits the tree into.</summary>
public readonly record struct LeafRange(long Start, long End)
{
    /// <summary>The range in two, the left one the largest power of two below its length.</summary>
    internal (LeafRange Left, LeafRange Right) Split()
    {
        var middle = Start + MerkleProof.LargestPowerBelow(End - Start);
        return (new(Start, middle), new(middle, End));
    }

    internal bool IsSubtree => BitOperations.IsPow2(End - Start);

    internal int Level => BitOperations.Log2((ulong)(End - Start));
}

/// <summary>Which hashes prove what, in the order of RFC 6962 (2.1.1 and 2.1.2). Indexes count from 0.</summary>
public static class MerkleProof
{
    /// <summary>The audit path of a leaf: the root of the tree of <paramref name="size"/> leaves follows from it and the leaf.</summary>
    public static IReadOnlyList<LeafRange> Inclusion(long index, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        List<LeafRange> path = [];
        for (var range = new LeafRange(0, size); range.End - range.Start > 1;)
        {
            var (left, right) = range.Split();
            path.Add(index < left.End ? right : left);
            range = index < left.End ? left : right;
        }
        path.Reverse();
        return path;
    }

    /// <summary>The proof that a tree of <paramref name="size"/> leaves begins with the tree of its first <paramref name="oldSize"/>. Nothing is needed when they are the same, or the old one is empty.</summary>
    public static IReadOnlyList<LeafRange> Consistency(long oldSize, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(oldSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, size);
        List<LeafRange> path = [];
        if (oldSize == 0 || oldSize == size) return path;
        var range = new LeafRange(0, size);
        while (range.End != oldSize)
        {
            var (left, right) = range.Split();
            path.Add(oldSize <= left.End ? right : left);
            range = oldSize <= left.End ? left : right;
        }
        // A subtree that begins where the old tree does is the old tree's own root, which the verifier has.
        if (range.Start != 0) path.Add(range);
        path.Reverse();
        return path;
    }

    internal static long LargestPowerBelow(long length) => 1L << BitOperations.Log2((ulong)(length - 1));
}
