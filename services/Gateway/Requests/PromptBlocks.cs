using System.Buffers.Binary;

namespace TokenLedger.Gateway.Requests;

/// <summary>
/// Hashes of a prompt's beginning: after every 256 bytes of text the hash of everything so far. Two requests share as many of them as they share blocks,
/// which is what an inference server's prefix cache can use again.
/// </summary>
internal sealed class PromptBlocks
{
    private const int BlockBytes = 256;
    private const int Most = 256;
    private readonly byte[] _block = new byte[BlockBytes];
    private readonly List<ulong> _hashes = [];
    private int _filled;
    private ulong _hash = 14_695_981_039_346_656_037;

    public IReadOnlyList<ulong> Hashes => _hashes;

    public void Add(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty && _hashes.Count < Most)
        {
            var part = Math.Min(text.Length, BlockBytes - _filled);
            text[..part].CopyTo(_block.AsSpan(_filled));
            text = text[part..];
            if ((_filled += part) < BlockBytes) continue;
            for (var i = 0; i < BlockBytes; i += 8) _hash = Mix(_hash, BinaryPrimitives.ReadUInt64LittleEndian(_block.AsSpan(i)));
            _hashes.Add(_hash);
            _filled = 0;
        }
    }

    /// <summary>The finalizer of SplitMix64 over both.</summary>
    private static ulong Mix(ulong a, ulong b)
    {
        unchecked
        {
            var x = (a ^ b * 0x9E3779B97F4A7C15) + 0x9E3779B97F4A7C15;
            x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
            x = (x ^ x >> 27) * 0x94D049BB133111EB;
            return x ^ x >> 31;
        }
    }
}
