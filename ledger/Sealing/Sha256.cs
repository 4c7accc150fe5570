using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace TokenLedger.Ledger.Sealing;

/// <summary>
/// SHA-256 of bytes at hand. The framework allocates an OpenSSL context for each hash, which costs four times what chain and tree have to hash;
/// OpenSSL's own SHA256_Init, _Update and _Final, where they can be found, work in a context on the stack.
/// </summary>
internal static class Sha256
{
    private const string OpenSsl = "libcrypto.so.3";
    /// <summary>SHA256_CTX: eight words of state, two of length, a block of sixteen, two of counts.</summary>
    private const int ContextSize = 28 * sizeof(uint);
    private static readonly bool s_isFound = NativeLibrary.TryLoad(OpenSsl, out var library) && NativeLibrary.TryGetExport(library, nameof(SHA256_Init), out _);

    public static void Hash(ReadOnlySpan<byte> data, Span<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hash.Length, SHA256.HashSizeInBytes);
        if (!s_isFound)
        {
            SHA256.HashData(data, hash);
            return;
        }
        Span<byte> bytes = stackalloc byte[ContextSize];
        ref var context = ref MemoryMarshal.GetReference(bytes);
        _ = SHA256_Init(ref context);
        _ = SHA256_Update(ref context, in MemoryMarshal.GetReference(data), data.Length);
        _ = SHA256_Final(ref MemoryMarshal.GetReference(hash), ref context);
    }

    [DllImport(OpenSsl)]
    private static extern int SHA256_Init(ref byte context);

    [DllImport(OpenSsl)]
    private static extern int SHA256_Update(ref byte context, in byte data, nint length);

    [DllImport(OpenSsl)]
    private static extern int SHA256_Final(ref byte hash, ref byte context);
}
