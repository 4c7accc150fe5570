using System.Runtime.InteropServices;

namespace TokenLedger.Core.Metering;

/// <summary>Amounts of one line, and the positions of the first and last event in them.</summary>
public readonly record struct LineSum(long Tokens, long Micros, long FirstPosition, long LastPosition)
{
    public static LineSum operator +(LineSum a, LineSum b) =>
        new(a.Tokens + b.Tokens, a.Micros + b.Micros, Math.Min(a.FirstPosition, b.FirstPosition), Math.Max(a.LastPosition, b.LastPosition));

    public static LineSum Add(LineSum left, LineSum right) => left + right;
}

/// <summary>Amounts summed up by line.</summary>
public sealed class LineSums
{
    private readonly Dictionary<LineKey, LineSum> _lines = [];

    public IReadOnlyDictionary<LineKey, LineSum> Lines => _lines;

    public void Add(in LineKey line, long tokens, long micros, long position)
    {
        var added = new LineSum(tokens, micros, position, position);
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_lines, line, out var exists);
        sum = exists ? sum + added : added;
    }
}
