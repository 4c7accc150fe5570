using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using TokenLedger.Cli.Api;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Replay;

/// <summary>Reads the ledger from the API, as NDJSON, so that an answer of any length needs the memory of a batch.</summary>
internal sealed class ApiEvents(ApiClient api, int pageSize) : IEventSource
{
    private const int BatchEvents = 1_000;

    public async Task<long> HeadAsync(CancellationToken ct) => (await api.GetAsync("v1/ledger/head", ApiJson.Shapes.LedgerHead, ct)).Position;

    public async IAsyncEnumerable<IReadOnlyList<RawEvent>> ReadAsync(EventRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        var position = range.After;
        while (position < range.Through)
        {
            // Without a filter the rest of the range is the most there can be; with one the last page may look beyond it.
            var limit = Math.Min(pageSize, range.Through - position);
            var path = Query.Of("v1/ledger/events", ("after", position), ("limit", limit), ("stream", range.Stream), ("type", range.Type));
            var (read, batch) = (0, new List<RawEvent>(BatchEvents));
            await foreach (var line in api.LinesAsync(path, ct))
            {
                var raw = Read(line);
                if (raw.Position <= position) throw CommandFailure.Failed($"The ledger's events are out of order: {raw.Position} follows {position}.");
                if (raw.Position > range.Through) break;
                (position, read) = (raw.Position, read + 1);
                batch.Add(raw);
                if (batch.Count < BatchEvents) continue;
                yield return batch;
                batch = new(BatchEvents);
            }
            if (batch.Count > 0) yield return batch;
            if (read < limit) yield break;
        }
    }

    public ValueTask DisposeAsync()
    {
        api.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Reads what stands around the data and leaves the data as it is: a part of the line.</summary>
    private static RawEvent Read(ReadOnlyMemory<byte> line)
    {
        var (position, version, stream, type, timestamp, data) = (0L, 0L, "", "", default(DateTimeOffset), ReadOnlyMemory<byte>.Empty);
        try
        {
            var reader = new Utf8JsonReader(line.Span);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.ValueSpan;
                if (name.SequenceEqual("position"u8)) position = Next(ref reader).GetInt64();
                else if (name.SequenceEqual("version"u8)) version = Next(ref reader).GetInt64();
                else if (name.SequenceEqual("stream"u8)) stream = Next(ref reader).GetString() ?? "";
                else if (name.SequenceEqual("type"u8)) type = TypeName(Next(ref reader));
                else if (name.SequenceEqual("timestamp"u8)) timestamp = Next(ref reader).GetDateTimeOffset();
                else if (name.SequenceEqual("data"u8)) data = Value(ref reader, line);
                else Value(ref reader, line);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw CommandFailure.Failed(string.Create(CultureInfo.InvariantCulture, $"A line after position {position} is no event: {e.Message}"));
        }
        return new(position, stream, version, type, timestamp, data);
    }

    private static ref Utf8JsonReader Next(ref Utf8JsonReader reader)
    {
        reader.Read();
        return ref reader;
    }

    private static ReadOnlyMemory<byte> Value(ref Utf8JsonReader reader, ReadOnlyMemory<byte> line)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return line[start..(int)reader.BytesConsumed];
    }

    /// <summary>The catalogue's own string, so that a batch does not hold a name once per event.</summary>
    private static string TypeName(in Utf8JsonReader reader) => reader.GetString() is { } type && EventCatalogue.TryFind(type, out var kind) ? kind.WireName : reader.GetString() ?? "";
}
