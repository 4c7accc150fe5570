using System.Buffers.Text;
using System.Text;
using TokenLedger.Contracts;

namespace TokenLedger.Ledger.Sealing;

/// <summary>
/// The canonical bytes of an event and their leaf hash, SHA-256(0x00 ‖ bytes) as in RFC 6962. docs/ledger-format.md describes them to the byte.
/// An instance is used again and again, by one thread at a time.
/// </summary>
public sealed class EventSeal
{
    private readonly CanonicalBuffer _buffer = new();
    private readonly CanonicalJson _json;

    public EventSeal() => _json = new(_buffer);

    /// <summary>The canonical bytes; they stand until the next call.</summary>
    /// <exception cref="CanonicalFormException">The event has none.</exception>
    public ReadOnlySpan<byte> Canonical(in EventFields e)
    {
        Write(e);
        return _buffer.Written[1..];
    }

    /// <exception cref="CanonicalFormException">The event has no canonical form.</exception>
    public void Leaf(in EventFields e, Span<byte> hash)
    {
        Write(e);
        Merkle.HashPrefixed(_buffer.Written, hash);
    }

    /// <summary>The leaf hash of an event as it is in memory.</summary>
    public void Leaf(RecordedEvent e, Span<byte> hash)
    {
        ArgumentNullException.ThrowIfNull(e);
        Leaf(new EventFields
        {
            Position = e.Position,
            Version = e.Version,
            Id = e.Id,
            UnixMicroseconds = e.Timestamp.UtcTicks / TimeSpan.TicksPerMicrosecond - UnixEpochMicroseconds,
            Stream = Encoding.UTF8.GetBytes(e.Stream),
            Type = Encoding.UTF8.GetBytes(e.Type),
            Data = EventCatalogue.Serialize(e.Data),
            CorrelationId = e.CorrelationId is null ? [] : Encoding.UTF8.GetBytes(e.CorrelationId),
            HasCorrelationId = e.CorrelationId is not null,
            CausationId = e.CausationId is null ? [] : Encoding.UTF8.GetBytes(e.CausationId),
            HasCausationId = e.CausationId is not null,
        }, hash);
    }

    private const long UnixEpochMicroseconds = 62_135_596_800_000_000;

    // The keys in the order of their bytes, as in every object.
    private void Write(in EventFields e)
    {
        _buffer.Clear();
        _buffer.Append(Merkle.LeafPrefix);
        _buffer.Append((byte)'{');
        if (e.HasCausationId) Text("\"causationId\":"u8, e.CausationId, ","u8);
        if (e.HasCorrelationId) Text("\"correlationId\":"u8, e.CorrelationId, ","u8);
        _buffer.Append("\"data\":"u8);
        _json.Append(e.Data);
        _buffer.Append(",\"id\":\""u8);
        _ = Utf8Formatter.TryFormat(e.Id, _buffer.Take(36), out _);
        _buffer.Append("\",\"position\":"u8);
        _buffer.Append(e.Position);
        Text(",\"stream\":"u8, e.Stream, ",\"timestamp\":\""u8);
        AppendTime(e.UnixMicroseconds);
        Text("\",\"type\":"u8, e.Type, ",\"version\":"u8);
        _buffer.Append(e.Version);
        _buffer.Append((byte)'}');
    }

    private void Text(ReadOnlySpan<byte> before, ReadOnlySpan<byte> text, ReadOnlySpan<byte> after)
    {
        _buffer.Append(before);
        _buffer.AppendQuoted(text);
        _buffer.Append(after);
    }

    private void AppendTime(long unixMicroseconds)
    {
        const long last = 253_402_300_799_999_999;
        if (unixMicroseconds is < -UnixEpochMicroseconds or > last) throw new CanonicalFormException("Its timestamp is not within the years 1 to 9999.");
        var time = DateTime.UnixEpoch.AddTicks(unixMicroseconds * TimeSpan.TicksPerMicrosecond);
        var text = _buffer.Take(27);
        "0000-00-00T00:00:00.000000Z"u8.CopyTo(text);
        Digits(text[..4], time.Year);
        Digits(text[5..7], time.Month);
        Digits(text[8..10], time.Day);
        Digits(text[11..13], time.Hour);
        Digits(text[14..16], time.Minute);
        Digits(text[17..19], time.Second);
        Digits(text[20..26], (int)(time.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond));
    }

    private static void Digits(Span<byte> target, int number)
    {
        for (var i = target.Length - 1; i >= 0; i--, number /= 10) target[i] = (byte)('0' + number % 10);
    }
}
