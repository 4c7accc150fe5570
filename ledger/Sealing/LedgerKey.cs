using System.Security.Cryptography;
using System.Text;

namespace TokenLedger.Ledger.Sealing;

/// <summary>The key that signs a ledger's checkpoints. It is kept outside the ledger: who can write the database cannot sign.</summary>
public sealed class LedgerKey : IDisposable
{
    private readonly ECDsa _key;

    private LedgerKey(ECDsa key) => _key = key;

    public static LedgerKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <param name="pem">A private key in PKCS #8.</param>
    /// <exception cref="CryptographicException">It is no private key on the curve P-256.</exception>
    public static LedgerKey FromPem(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            // A public key imports as well as a private one; only signing tells.
            _ = key.ExportPkcs8PrivateKey();
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new CryptographicException("It holds no private key in PEM.", e);
        }
        if (IsP256(key)) return new(key);
        key.Dispose();
        throw new CryptographicException("Its key is not on the curve P-256.");
    }

    public string ToPem() => _key.ExportPkcs8PrivateKeyPem() + "\n";

    public VerifierKey Verifier(string name) =>
        VerifierKey.TryImport(name, _key.ExportSubjectPublicKeyInfo(), out var verifier) ? verifier : throw new ArgumentException($"'{name}' cannot name a key.", nameof(name));

    /// <summary>Signs a checkpoint under the name of its origin.</summary>
    public SignedNote Sign(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        using var verifier = Verifier(checkpoint.Origin);
        var text = checkpoint.ToText();
        return new(text, [new(verifier.Name, verifier.Id, _key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, VerifierKey.Format))]);
    }

    public void Dispose() => _key.Dispose();

    internal static bool IsP256(ECDsa key) => key.ExportParameters(includePrivateParameters: false).Curve.Oid is { } oid && oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value;
}
