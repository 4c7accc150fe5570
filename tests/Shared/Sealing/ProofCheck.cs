using System.Security.Cryptography;

namespace TokenLedger.Tests.Sealing;

/// <summary>How a stranger checks a proof: written after RFC 9162, 2.1.3.2 and 2.1.4.2, from SHA-256 alone. It must not use anything of the product.</summary>
internal static class ProofCheck
{
    public static bool Included(byte[] leafHash, long index, long size, IReadOnlyList<byte[]> path, byte[] root)
    {
        if (index >= size) return false;
        var (fn, sn, r) = (index, size - 1, leafHash);
        foreach (var p in path)
        {
            if (sn == 0) return false;
            if (fn % 2 == 1 || fn == sn)
            {
                r = Node(p, r);
                while (fn % 2 == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
            }
            else r = Node(r, p);
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        return sn == 0 && r.SequenceEqual(root);
    }

    public static bool Consistent(long first, long second, byte[] firstRoot, byte[] secondRoot, IReadOnlyList<byte[]> proof)
    {
        if (first == second) return proof.Count == 0 && firstRoot.SequenceEqual(secondRoot);
        List<byte[]> path = (first & (first - 1)) == 0 ? [firstRoot, .. proof] : [.. proof];
        if (path.Count == 0) return false;
        var (fn, sn) = (first - 1, second - 1);
        while (fn % 2 == 1) (fn, sn) = (fn >> 1, sn >> 1);
        var (fr, sr) = (path[0], path[0]);
        foreach (var c in path.Skip(1))
        {
            if (sn == 0) return false;
            if (fn % 2 == 1 || fn == sn)
            {
                (fr, sr) = (Node(c, fr), Node(c, sr));
                while (fn % 2 == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
            }
            else sr = Node(sr, c);
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        return sn == 0 && fr.SequenceEqual(firstRoot) && sr.SequenceEqual(secondRoot);
    }

    /// <summary>The root by the definition itself (RFC 6962, 2.1).</summary>
    public static byte[] Root(ReadOnlySpan<byte[]> leafHashes)
    {
        if (leafHashes.Length == 0) return SHA256.HashData([]);
        if (leafHashes.Length == 1) return leafHashes[0];
        var k = 1;
        while (k * 2 < leafHashes.Length) k *= 2;
        return Node(Root(leafHashes[..k]), Root(leafHashes[k..]));
    }

    private static byte[] Node(byte[] left, byte[] right) => SHA256.HashData([1, .. left, .. right]);
}
