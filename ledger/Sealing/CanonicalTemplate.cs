using System.Text;
using System.Text.Json;

namespace TokenLedger.Ledger.Sealing;

/// <summary>
/// The canonical form of all JSON that differs from one text in nothing but its strings (not keys), numbers and words: what stands between them, and where each of them goes.
/// Events of one type come by the thousand, alike but for those values. It fits only texts whose values are canonical as they are written.
/// </summary>
internal sealed class CanonicalTemplate
{
    private const int MostValues = 64;
    private readonly byte[][] _before;
    private readonly byte[] _end;
    private readonly byte[][] _canonicalBefore;
    private readonly byte[] _canonicalEnd;
    private readonly int[] _order;
    private readonly int _fixedLength;

    private CanonicalTemplate(List<byte[]> text, List<byte[]> canonical, int[] order)
    {
        (_before, _end) = ([.. text[..^1]], text[^1]);
        (_canonicalBefore, _canonicalEnd, _order) = ([.. canonical[..^1]], canonical[^1], order);
        _fixedLength = canonical.Sum(part => part.Length);
    }

    /// <summary>Learns from a text that has a canonical form.</summary>
    /// <returns>Null when it has too many values.</returns>
    public static CanonicalTemplate? Of(ReadOnlySpan<byte> json)
    {
        var text = Split(json, out _);
        if (text.Count > MostValues) return null;
        // The same text with 0, 1, 2 … for its values tells by its canonical form where they go.
        var numbered = new CanonicalBuffer();
        for (var i = 0; i < text.Count; i++)
        {
            numbered.Append(text[i]);
            if (i < text.Count - 1) numbered.Append((long)i);
        }
        var target = new CanonicalBuffer();
        new CanonicalJson(target).AppendParsed(numbered.Written);
        var canonical = Split(target.Written, out var order);
        return new(text, canonical, [.. order.Select(value => int.Parse(value))]);
    }

    /// <summary>Appends the canonical form of a text.</summary>
    /// <returns>False when the text does not fit, which says nothing about it; nothing is appended then.</returns>
    public bool TryAppend(ReadOnlySpan<byte> json, CanonicalBuffer target)
    {
        Span<(int Start, int Length)> values = stackalloc (int, int)[MostValues];
        var (at, length) = (0, _fixedLength);
        for (var i = 0; i < _before.Length; i++)
        {
            var before = _before[i];
            if (!json[at..].StartsWith(before)) return false;
            at += before.Length;
            var value = ValueLength(json[at..]);
            if (value == 0) return false;
            values[i] = (at, value);
            (at, length) = (at + value, length + value);
        }
        if (!json[at..].SequenceEqual(_end)) return false;
        var written = target.Take(length);
        for (var i = 0; i < _order.Length; i++)
        {
            Move(_canonicalBefore[i], ref written);
            var (start, value) = values[_order[i]];
            Move(json.Slice(start, value), ref written);
        }
        _canonicalEnd.CopyTo(written);
        return true;
    }

    /// <summary>The length of the value that the text begins with; 0 when there is none, or its canonical form may differ.</summary>
    private static int ValueLength(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty) return 0;
        switch (text[0])
        {
            case (byte)'"':
                var end = text[1..].IndexOfAny(CanonicalBuffer.Escaped);
                return end >= 0 && text[1 + end] == '"' ? end + 2 : 0;
            case (byte)'n': return text.StartsWith("null"u8) ? 4 : 0;
            case (byte)'t': return text.StartsWith("true"u8) ? 4 : 0;
            case (byte)'f': return text.StartsWith("false"u8) ? 5 : 0;
            default: return NumberLength(text);
        }
    }

    /// <summary>A whole number or a decimal without zeros that say nothing. An exponent behind it fits nothing that stands between values.</summary>
    private static int NumberLength(ReadOnlySpan<byte> text)
    {
        var first = text[0] == '-' ? 1 : 0;
        var end = first + Digits(text[first..]);
        if (end == first || (text[first] == '0' && end > first + 1)) return 0;
        if (end < text.Length && text[end] == '.')
        {
            end += 1 + Digits(text[(end + 1)..]);
            return text[end - 1] is (byte)'.' or (byte)'0' ? 0 : end;
        }
        return text[first] == '0' && first == 1 ? 0 : end;
    }

    private static int Digits(ReadOnlySpan<byte> text)
    {
        var end = 0;
        while (end < text.Length && text[end] is >= (byte)'0' and <= (byte)'9') end++;
        return end;
    }

    private static void Move(ReadOnlySpan<byte> bytes, ref Span<byte> target)
    {
        bytes.CopyTo(target);
        target = target[bytes.Length..];
    }

    /// <summary>What stands before each value and behind the last one, and the values.</summary>
    private static List<byte[]> Split(ReadOnlySpan<byte> json, out List<string> values)
    {
        List<byte[]> parts = [];
        values = [];
        var reader = new Utf8JsonReader(json);
        var at = 0;
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null)) continue;
            var start = (int)reader.TokenStartIndex;
            parts.Add(json[at..start].ToArray());
            values.Add(Encoding.UTF8.GetString(reader.ValueSpan));
            at = (int)reader.BytesConsumed;
        }
        parts.Add(json[at..].ToArray());
        return parts;
    }
}
