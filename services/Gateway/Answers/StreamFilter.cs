using System.Buffers;
using TokenLedger.Gateway.Requests;

namespace TokenLedger.Gateway.Answers;

/// <summary>
/// Looks at the events of one stream as they pass: learns the usage, sees the first token and the end, and takes out again what only the gateway asked for.
/// Everything else goes on byte for byte.
/// </summary>
/// <param name="hidesUsage">The client did not ask for usage: neither the chunk nor the member reach it.</param>
/// <param name="hidesContinuous">The client did not ask for usage in every chunk.</param>
internal sealed class StreamFilter(Api api, UsageTally tally, bool hidesUsage, bool hidesContinuous)
{
    /// <summary>Events that brought something generated: the count of tokens where a server tells none.</summary>
    public long Chunks { get; private set; }

    /// <summary>Writes an event as its client shall see it.</summary>
    /// <returns>True for the last one, which is not written yet: <see cref="WriteEnd"/> does.</returns>
    public bool Pass(in ReadOnlySequence<byte> one, IBufferWriter<byte>? client)
    {
        var bytes = one.IsSingleSegment ? one.FirstSpan : one.ToArray();
        if (EventLines.DataOf(bytes) is not { } data)
        {
            client?.Write(bytes);
            return false;
        }
        var reading = AnswerReading.Read(api, bytes[data], tally);
        if (reading.IsContent) Chunks++;
        if (reading.IsEnd) return true;
        var hides = api is Api.Chat or Api.Completions && (hidesUsage || hidesContinuous && reading is { TellsUsage: true, IsUsageOnly: false });
        if (reading.Usage is not { } usage || !hides) client?.Write(bytes);
        else if (!reading.IsUsageOnly)
        {
            client?.Write(bytes[..(data.Start.Value + usage.Start.Value)]);
            client?.Write(bytes[(data.Start.Value + usage.End.Value)..]);
        }
        return false;
    }

    public static void WriteEnd(in ReadOnlySequence<byte> one, IBufferWriter<byte> client)
    {
        foreach (var part in one) client.Write(part.Span);
    }
}
