using System.Security.Cryptography;
using System.Text;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Hosting.Access;

/// <summary>
/// API keys: 256 random bits behind a readable prefix. A key is shown once and kept as its SHA-256; so much entropy needs no slow hash.
/// </summary>
public static class ApiKeys
{
    private const int SecretBytes = 32;
    private const int UsualBytes = 512;

    /// <summary>A new inference key.</summary>
    public static NewKey MintInference() => Mint("tli");

    /// <summary>A new operator key.</summary>
    public static NewKey MintOperator() => Mint("tlo");

    /// <summary>SHA-256 of a key in lower-case hexadecimal.</summary>
    public static string Hash(ReadOnlySpan<char> key)
    {
        var most = Encoding.UTF8.GetMaxByteCount(key.Length);
        Span<byte> text = most <= UsualBytes ? stackalloc byte[UsualBytes] : new byte[most];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(key, text)], hash);
        return Convert.ToHexStringLower(hash);
    }

    private static NewKey Mint(string prefix)
    {
        var id = new KeyId(RandomNumberGenerator.GetHexString(16, lowercase: true));
        return new(id, $"{prefix}_{id}_{RandomNumberGenerator.GetHexString(SecretBytes * 2, lowercase: true)}");
    }
}
