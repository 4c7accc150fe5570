using System.Text.Json;
using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>Times as the ledger keeps them: UTC, whole microseconds.</summary>
public static class LedgerTime
{
    /// <summary>The same moment in UTC without what is below a microsecond, which PostgreSQL does not keep.</summary>
    public static DateTimeOffset ToLedgerTime(this DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    internal static bool IsKept(DateTimeOffset time) => time.Offset == TimeSpan.Zero && time.Ticks % TimeSpan.TicksPerMicrosecond == 0;
}

/// <summary>What both ledgers ask of an append before they begin, and the JSON of its events.</summary>
internal static class EventPayloads
{
    private static ReadOnlySpan<byte> EscapedNul => "\\u0000"u8;

    /// <exception cref="UnrecordableEventException">An event would not come back as it is.</exception>
    public static byte[][] Of(string stream, long expectedVersion, IReadOnlyList<NewEvent> events)
    {
        ArgumentException.ThrowIfNullOrEmpty(stream);
        ArgumentOutOfRangeException.ThrowIfNegative(expectedVersion);
        ArgumentNullException.ThrowIfNull(events);
        if (events.Count == 0) throw new ArgumentException("There is nothing to append.", nameof(events));
        var payloads = new byte[events.Count][];
        for (var i = 0; i < payloads.Length; i++) payloads[i] = Of(events[i], i);
        return payloads;
    }

    private static byte[] Of(NewEvent recorded, int index)
    {
        if (!LedgerTime.IsKept(recorded.Timestamp)) throw new UnrecordableEventException(index, $"its timestamp {recorded.Timestamp:O} is not UTC in whole microseconds");
        var json = Serialize(recorded, index);
        if (HasNul(json) || HasNul(recorded.CorrelationId) || HasNul(recorded.CausationId)) throw new UnrecordableEventException(index, "it holds the character U+0000");
        return json;
    }

    private static byte[] Serialize(NewEvent recorded, int index)
    {
        try
        {
            return EventCatalogue.Serialize(recorded.Data);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or KeyNotFoundException or NotSupportedException)
        {
            throw new UnrecordableEventException(index, "the catalogue cannot write it", e);
        }
    }

    private static bool HasNul(string? text) => text is not null && text.Contains('\0', StringComparison.Ordinal);

    // PostgreSQL's text cannot hold this character, so its jsonb refuses the escape. After an odd number of backslashes it is one; after an even number it is plain text.
    private static bool HasNul(ReadOnlySpan<byte> json)
    {
        for (var at = json.IndexOf(EscapedNul); at >= 0;)
        {
            var backslashes = 1;
            while (backslashes <= at && json[at - backslashes] == (byte)'\\') backslashes++;
            if (backslashes % 2 == 1) return true;
            var next = json[(at + 1)..].IndexOf(EscapedNul);
            at = next < 0 ? -1 : at + 1 + next;
        }
        return false;
    }
}
