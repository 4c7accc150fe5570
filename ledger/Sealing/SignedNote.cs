using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace TokenLedger.Ledger.Sealing;

/// <summary>A signature line of a note: who signed, with which key, and the signature.</summary>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Signature);

/// <summary>A text and its signatures, as in C2SP signed-note: the text ends in a line end, then a blank line, then the signature lines.</summary>
public sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    private const int LongestNote = 65_536;
    private const int MostSignatures = 16;
    private const int KeyIdSize = 4;
    private const string SignaturePrefix = "— ";

    public static bool TryParse(string note, [NotNullWhen(true)] out SignedNote? parsed)
    {
        ArgumentNullException.ThrowIfNull(note);
        parsed = null;
        var end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0 || note.Length > LongestNote || note[^1] != '\n' || note.Any(c => c < ' ' && c != '\n')) return false;
        var lines = note[(end + 2)..].Split('\n')[..^1];
        List<NoteSignature> signatures = [];
        foreach (var line in lines)
            if (TryParseSignature(line, out var signature)) signatures.Add(signature);
            else return false;
        if (signatures.Count is 0 or > MostSignatures) return false;
        parsed = new(note[..(end + 1)], signatures);
        return true;
    }

    public override string ToString() => $"{Text}\n{string.Concat(Signatures.Select(Line))}";

    private static string Line(NoteSignature signature)
    {
        var bytes = new byte[KeyIdSize + signature.Signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, signature.KeyId);
        signature.Signature.Span.CopyTo(bytes.AsSpan(KeyIdSize));
        return $"{SignaturePrefix}{signature.Name} {Convert.ToBase64String(bytes)}\n";
    }

    private static bool TryParseSignature(string line, [NotNullWhen(true)] out NoteSignature? signature)
    {
        signature = null;
        if (!line.StartsWith(SignaturePrefix, StringComparison.Ordinal) || line[SignaturePrefix.Length..].Split(' ') is not [var name, var base64]) return false;
        var bytes = new byte[base64.Length];
        if (!VerifierKey.IsName(name) || !Convert.TryFromBase64String(base64, bytes, out var length) || length <= KeyIdSize) return false;
        signature = new(name, BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(KeyIdSize, length - KeyIdSize));
        return true;
    }
}
