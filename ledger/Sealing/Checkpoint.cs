using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace TokenLedger.Ledger.Sealing;

/// <summary>What a signature vouches for: the ledger's name, how many events, the root of the tree over them (C2SP tlog-checkpoint) and, as an extension line, their chain hash.</summary>
/// <param name="Chain">Null in a checkpoint that has no such line.</param>
public sealed record Checkpoint(string Origin, long Size, ReadOnlyMemory<byte> Root, ReadOnlyMemory<byte>? Chain)
{
    private const string ChainPrefix = "chain ";

    /// <summary>The note's text, with the line end at its end.</summary>
    public string ToText()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root.Span)}\n");
        return Chain is { } chain ? $"{text}{ChainPrefix}{Convert.ToBase64String(chain.Span)}\n" : text;
    }

    public static bool TryParse(string text, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        ArgumentNullException.ThrowIfNull(text);
        checkpoint = null;
        if (!text.EndsWith('\n') || text.Split('\n')[..^1] is not [{ Length: > 0 } origin, var size, var root, .. var extensions]) return false;
        if (!long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var leaves) || leaves.ToString(CultureInfo.InvariantCulture) != size) return false;
        if (!TryReadHash(root, out var rootHash) || extensions.Contains("")) return false;
        ReadOnlyMemory<byte>? chain = null;
        if (extensions.FirstOrDefault(line => line.StartsWith(ChainPrefix, StringComparison.Ordinal)) is { } line)
        {
            if (!TryReadHash(line[ChainPrefix.Length..], out var chainHash)) return false;
            chain = chainHash;
        }
        checkpoint = new(origin, leaves, rootHash, chain);
        return true;
    }

    private static bool TryReadHash(string base64, out byte[] hash)
    {
        hash = new byte[Merkle.HashSize];
        // The one way to write 32 bytes: 44 characters.
        return base64.Length == 44 && Convert.TryFromBase64String(base64, hash, out var length) && length == hash.Length;
    }
}
