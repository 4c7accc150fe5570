using System.Text.Json;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

/// <summary>An event as a line of JSON, as the API gives it.</summary>
internal static class EventLine
{
    private const int Required = 0b111_1111;

    /// <exception cref="CanonicalFormException">It is no event.</exception>
    public static EventFields Read(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            var e = new EventFields();
            var seen = 0;
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new CanonicalFormException("It is no JSON object.");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName) seen |= ReadMember(line, ref reader, ref e);
            return seen == Required && !reader.Read() ? e : throw new CanonicalFormException("A field of the event is missing.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new CanonicalFormException($"It is no event: {error.Message}", error);
        }
    }

    /// <returns>The bit of a required field; 0 for another.</returns>
    private static int ReadMember(ReadOnlySpan<byte> line, ref Utf8JsonReader reader, ref EventFields e)
    {
        var name = reader.GetString();
        reader.Read();
        switch (name)
        {
            case "position": e.Position = reader.GetInt64(); return 1 << 0;
            case "stream": e.Stream = Text(ref reader); return 1 << 1;
            case "version": e.Version = reader.GetInt64(); return 1 << 2;
            case "id": e.Id = reader.GetGuid(); return 1 << 3;
            case "type": e.Type = Text(ref reader); return 1 << 4;
            case "timestamp": e.UnixMicroseconds = Microseconds(reader.GetDateTimeOffset()); return 1 << 5;
            case "data": e.Data = Raw(line, ref reader); return 1 << 6;
            case "correlationId":
                e.HasCorrelationId = reader.TokenType != JsonTokenType.Null;
                if (e.HasCorrelationId) e.CorrelationId = Text(ref reader);
                return 0;
            case "causationId":
                e.HasCausationId = reader.TokenType != JsonTokenType.Null;
                if (e.HasCausationId) e.CausationId = Text(ref reader);
                return 0;
            default:
                reader.Skip();
                return 0;
        }
    }

    private static ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> line, scoped ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return line[start..(int)reader.BytesConsumed];
    }

    private static byte[] Text(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String) throw new FormatException("A text is expected.");
        var text = new byte[reader.ValueSpan.Length];
        return text[..reader.CopyString(text)];
    }

    private static long Microseconds(DateTimeOffset time)
    {
        var ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        return ticks % TimeSpan.TicksPerMicrosecond == 0 ? ticks / TimeSpan.TicksPerMicrosecond : throw new FormatException("Its time has more than six digits of a second.");
    }
}
