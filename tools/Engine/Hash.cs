namespace TokenLedger.Engine;

/// <summary>FNV-1a: the same on every machine and in every run.</summary>
internal static class Hash
{
    private const ulong Basis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    public static ulong Of(ReadOnlySpan<char> text)
    {
        var hash = Basis;
        foreach (var c in text) hash = unchecked((hash ^ c) * Prime);
        return hash;
    }

    /// <summary>Both together, in this order (the finalizer of SplitMix64 spreads the bits).</summary>
    public static ulong Mix(ulong a, ulong b)
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
