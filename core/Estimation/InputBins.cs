using System.Numerics;

namespace TokenLedger.Core.Estimation;

/// <summary>Classes of input length: eight of equal width from each power of two to the next, so that a bin is 9 to 12 % wide. Where no workload is named they are the workload's class.</summary>
public static class InputBins
{
    private const int BitsPerOctave = 3;
    private const int Octaves = 32;

    public const int Count = Octaves << BitsPerOctave;

    public static int Of(long inputTokens)
    {
        var tokens = (ulong)Math.Clamp(inputTokens, 1, uint.MaxValue);
        var octave = BitOperations.Log2(tokens);
        var within = (octave >= BitsPerOctave ? tokens >> (octave - BitsPerOctave) : tokens << (BitsPerOctave - octave)) & ((1 << BitsPerOctave) - 1);
        return (octave << BitsPerOctave) | (int)within;
    }
}
