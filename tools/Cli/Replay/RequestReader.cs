using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;

namespace TokenLedger.Cli.Replay;

/// <summary>What happened to a request after its admission, as it was recorded.</summary>
internal sealed record LaterEvent(long Position, string Stream, string Type, DateTimeOffset Timestamp, JsonElement Data);

/// <summary>Everything that the ledger has on one request.</summary>
internal sealed record RequestReport(RequestId Request, PoolId Pool, IReadOnlyList<ExplainedAttempt> Attempts, IReadOnlyList<LaterEvent> Afterwards)
{
    public string ToJson() => JsonSerializer.Serialize(this, RequestJson.Default.RequestReport);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(WordConverter<ServiceClass>), typeof(WordConverter<EntitlementState>), typeof(WordConverter<DenialReason>), typeof(WordConverter<RetryBasis>), typeof(WordConverter<AdmissionPolicy>), typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(RequestReport))]
internal sealed partial class RequestJson : JsonSerializerContext;

/// <summary>Finds a request in the ledger and explains it.</summary>
internal sealed class RequestReader(IEventSource source, RequestId request)
{
    private static readonly string[] s_usage = [EventCatalogue.WireName<TokensConsumed>(), EventCatalogue.WireName<TokensStreamed>(), EventCatalogue.WireName<UsageCorrected>()];
    private readonly byte[] _text = Encoding.UTF8.GetBytes(request.ToString());
    private readonly Dictionary<string, (PoolId Pool, RequestStory Story)> _stories = [];
    private readonly Dictionary<string, ReplayDifference> _differences = [];
    private readonly List<(PoolId? Pool, RecordedEvent Event)> _usage = [];

    /// <param name="pool">Where to look; null for everywhere, which reads the whole ledger.</param>
    /// <returns>One report for each pool that decided on it: ids are unique in a pool.</returns>
    public async Task<IReadOnlyList<RequestReport>> ReadAsync(PoolId? pool, CancellationToken ct)
    {
        var head = await source.HeadAsync(ct);
        string?[] streams = pool is { } one ? [Streams.Pool(one), Streams.Usage(one)] : [null];
        foreach (var stream in streams)
            await foreach (var raw in source.EachAsync(new(0, head, stream), ct)) Take(raw);
        var found = _stories.Where(story => story.Value.Story.Attempts.Count > 0).OrderBy(story => story.Key, StringComparer.Ordinal).ToList();
        foreach (var (stream, _) in found)
            if (_differences.GetValueOrDefault(stream) is { } difference)
                throw CommandFailure.Failed($"Nothing can be explained: at position {difference.Position} of {stream} it is decided {difference.Expected}, recorded is {difference.Recorded}.");
        return [.. found.Select(story => Report(story.Value.Pool, story.Value.Story))];
    }

    private void Take(RawEvent raw)
    {
        if (raw.Stream.StartsWith(Streams.PoolPrefix, StringComparison.Ordinal))
        {
            if (!_stories.TryGetValue(raw.Stream, out var story))
                _stories[raw.Stream] = story = new PoolId(raw.Stream[Streams.PoolPrefix.Length..]) is var pool ? (pool, new(pool, request)) : default;
            if (!_differences.ContainsKey(raw.Stream) && story.Story.Take(raw.Read()) is { } difference) _differences[raw.Stream] = difference;
        }
        else if (s_usage.Contains(raw.Type) && raw.Data.Span.IndexOf(_text) >= 0 && raw.Read() is var recorded && Of(recorded.Data) is { } of && of.Request == request)
            _usage.Add((of.Pool, recorded));
    }

    private RequestReport Report(PoolId pool, RequestStory story) => new(
        request, pool, story.Attempts,
        [
            .. story.Afterwards.Concat(_usage.Where(of => of.Pool == pool).Select(of => of.Event)).OrderBy(e => e.Position)
                .Select(e => new LaterEvent(e.Position, e.Stream, e.Type, e.Timestamp, JsonSerializer.SerializeToElement(e.Data, EventCatalogue.Of(e.Data.GetType()).Json))),
        ]);

    private static (RequestId Request, PoolId? Pool)? Of(ILedgerEvent data) => data switch
    {
        TokensConsumed e => (e.Request, e.Pool),
        TokensStreamed e => (e.Request, e.Pool),
        UsageCorrected e => (e.Request, e.Pool),
        _ => null,
    };
}
