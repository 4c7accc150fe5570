using System.Security.Cryptography;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Tests.Unit.Sealing;

/// <summary>Hashes made with OpenSSL's own functions are those of the framework.</summary>
public sealed class Sha256Tests
{
    [Fact]
    public void Gives_the_frameworks_hash_of_every_length()
    {
        var random = new Random(256);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        foreach (var length in Enumerable.Range(0, 300).Append(1 << 20))
        {
            var data = new byte[length];
            random.NextBytes(data);
            Sha256.Hash(data, hash);
            Assert.True(hash.SequenceEqual(SHA256.HashData(data)), $"The hash of {length} bytes differs.");
        }
    }

    [Fact]
    public void Hashes_over_what_it_hashed()
    {
        var data = new byte[SHA256.HashSizeInBytes];
        var expected = SHA256.HashData(data);
        Sha256.Hash(data, data);
        Assert.Equal(expected, data);
    }

    [Fact]
    public void Refuses_a_target_that_is_too_short() => Assert.Throws<ArgumentOutOfRangeException>(() => Sha256.Hash([], new byte[SHA256.HashSizeInBytes - 1]));
}
