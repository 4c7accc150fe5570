using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TokenLedger.Ledger.Sealing;

/// <summary>
/// The public half of a ledger's key under the name it signs with: ECDSA on P-256 with SHA-256, signature type 2 of C2SP signed-note (.NET offers no Ed25519).
/// As text <c>name+id+base64(0x02 ‖ SPKI)</c>, the id being the first four bytes of SHA-256(SPKI) in hexadecimal.
/// </summary>
public sealed class VerifierKey : IDisposable
{
    internal const DSASignatureFormat Format = DSASignatureFormat.Rfc3279DerSequence;
    private const byte SignatureType = 0x02;
    private readonly ECDsa _key;
    private readonly byte[] _spki;

    private VerifierKey(string name, ECDsa key, byte[] spki)
    {
        (Name, _key, _spki) = (name, key, spki);
        Id = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(spki));
    }

    public string Name { get; }

    public uint Id { get; }

    /// <summary>The public key as a SubjectPublicKeyInfo in DER.</summary>
    public ReadOnlyMemory<byte> PublicKey => _spki;

    /// <summary>A name that a signature line may carry: not empty, without spaces and plus signs.</summary>
    public static bool IsName([NotNullWhen(true)] string? name) => !string.IsNullOrEmpty(name) && !name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+');

    public static bool TryImport(string name, ReadOnlySpan<byte> spki, [NotNullWhen(true)] out VerifierKey? key)
    {
        key = null;
        if (!IsName(name)) return false;
        var ecdsa = ECDsa.Create();
        try
        {
            ecdsa.ImportSubjectPublicKeyInfo(spki, out var read);
            if (read == spki.Length && LedgerKey.IsP256(ecdsa)) key = new(name, ecdsa, spki.ToArray());
        }
        catch (CryptographicException)
        {
            // Bytes that are no key: the answer says so.
        }
        if (key is null) ecdsa.Dispose();
        return key is not null;
    }

    public static bool TryParse(string text, [NotNullWhen(true)] out VerifierKey? key)
    {
        ArgumentNullException.ThrowIfNull(text);
        key = null;
        if (text.Trim().Split('+', 3) is not [var name, var id, var base64]) return false;
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var length) || length < 2 || bytes[0] != SignatureType) return false;
        if (!TryImport(name, bytes.AsSpan(1, length - 1), out var named)) return false;
        if (id == named.Id.ToString("x8", CultureInfo.InvariantCulture)) key = named;
        else named.Dispose();
        return key is not null;
    }

    /// <summary>True when the note carries a signature of this key and it is good.</summary>
    public bool HasSigned(SignedNote note)
    {
        ArgumentNullException.ThrowIfNull(note);
        var mine = note.Signatures.Where(signature => signature.KeyId == Id && signature.Name == Name).ToArray();
        var text = Encoding.UTF8.GetBytes(note.Text);
        return mine.Length > 0 && mine.All(signature => _key.VerifyData(text, signature.Signature.Span, HashAlgorithmName.SHA256, Format));
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name}+{Id:x8}+{Convert.ToBase64String([SignatureType, .. _spki])}");

    public void Dispose() => _key.Dispose();
}
