using System.Buffers;
using System.Buffers.Text;

namespace TokenLedger.Ledger.Sealing;

/// <summary>Bytes that are written one after the other into an array that grows and is used again.</summary>
internal sealed class CanonicalBuffer
{
    private const int FirstSize = 4_096;
    /// <summary>What a JSON string must escape, and nothing else is escaped.</summary>
    public static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(c => (byte)c), (byte)'"', (byte)'\\']);
    private byte[] _bytes = new byte[FirstSize];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public Span<byte> Slice(int start, int length) => _bytes.AsSpan(start, length);

    public void Append(byte value)
    {
        if (Length == _bytes.Length) Grow(1);
        _bytes[Length++] = value;
    }

    public void Append(ReadOnlySpan<byte> values) => values.CopyTo(Take(values.Length));

    public void Append(byte value, int times) => Take(times).Fill(value);

    public void Append(long number)
    {
        const int longest = 20;
        Reserve(longest);
        _ = Utf8Formatter.TryFormat(number, _bytes.AsSpan(Length), out var written);
        Length += written;
    }

    /// <summary>Room for so many bytes, which count as written.</summary>
    public Span<byte> Take(int length)
    {
        Reserve(length);
        Length += length;
        return _bytes.AsSpan(Length - length, length);
    }

    /// <summary>Takes back what was written beyond a length.</summary>
    public void Truncate(int length) => Length = length;

    /// <summary>A string in quotes: <c>\" \\ \b \t \n \f \r</c>, other characters below U+0020 as <c>\u00</c> and two lower-case digits, all else as it is.</summary>
    public void AppendQuoted(ReadOnlySpan<byte> utf8)
    {
        Append((byte)'"');
        for (var plain = utf8.IndexOfAny(Escaped); plain >= 0; plain = utf8.IndexOfAny(Escaped))
        {
            Append(utf8[..plain]);
            AppendEscape(utf8[plain]);
            utf8 = utf8[(plain + 1)..];
        }
        Append(utf8);
        Append((byte)'"');
    }

    private void AppendEscape(byte c)
    {
        Append((byte)'\\');
        switch (c)
        {
            case (byte)'"' or (byte)'\\': Append(c); break;
            case (byte)'\b': Append((byte)'b'); break;
            case (byte)'\t': Append((byte)'t'); break;
            case (byte)'\n': Append((byte)'n'); break;
            case (byte)'\f': Append((byte)'f'); break;
            case (byte)'\r': Append((byte)'r'); break;
            default:
                Append("u00"u8);
                Append("0123456789abcdef"u8[c >> 4]);
                Append("0123456789abcdef"u8[c & 15]);
                break;
        }
    }

    private void Reserve(int more)
    {
        if (_bytes.Length - Length < more) Grow(more);
    }

    private void Grow(int more) => Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + more));
}
