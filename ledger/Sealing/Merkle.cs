using System.Security.Cryptography;

namespace TokenLedger.Ledger.Sealing;

/// <summary>
/// Hashes of the tree (RFC 6962, SHA-256) and of the chain. Leaf: H(0x00 ‖ bytes); node: H(0x01 ‖ left ‖ right); chain: h₀ = 32 zero bytes, hₙ = H(hₙ₋₁ ‖ leafₙ).
/// </summary>
public static class Merkle
{
    public const int HashSize = SHA256.HashSizeInBytes;
    internal const byte LeafPrefix = 0x00;
    private const byte NodePrefix = 0x01;

    /// <summary>Root of the tree without leaves: H of nothing.</summary>
    public static ReadOnlySpan<byte> EmptyRoot => s_emptyRoot;

    private static readonly byte[] s_emptyRoot = SHA256.HashData([]);

    /// <summary>Hashes a leaf's bytes, which have their prefix already.</summary>
    internal static void HashPrefixed(ReadOnlySpan<byte> prefixed, Span<byte> hash) => Sha256.Hash(prefixed, hash);

    /// <summary>Joins two nodes; <paramref name="hash"/> may be one of them.</summary>
    public static void Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> hash)
    {
        Span<byte> both = stackalloc byte[1 + 2 * HashSize];
        both[0] = NodePrefix;
        left.CopyTo(both[1..]);
        right.CopyTo(both[(1 + HashSize)..]);
        Sha256.Hash(both, hash);
    }

    /// <summary>Moves the chain on by one leaf.</summary>
    public static void Link(Span<byte> chain, ReadOnlySpan<byte> leaf)
    {
        Span<byte> both = stackalloc byte[2 * HashSize];
        chain.CopyTo(both);
        leaf.CopyTo(both[HashSize..]);
        Sha256.Hash(both, chain);
    }

    /// <summary>The root of a whole subtree whose nodes of one level are given: a power of two of them.</summary>
    public static void SubtreeRoot(ReadOnlySpan<byte> nodes, Span<byte> root)
    {
        if (nodes.Length == HashSize)
        {
            nodes.CopyTo(root);
            return;
        }
        Span<byte> pair = stackalloc byte[2 * HashSize];
        SubtreeRoot(nodes[..(nodes.Length / 2)], pair[..HashSize]);
        SubtreeRoot(nodes[(nodes.Length / 2)..], pair[HashSize..]);
        Node(pair[..HashSize], pair[HashSize..], root);
    }
}
