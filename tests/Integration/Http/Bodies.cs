using System.Text.Json.Nodes;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Bodies that the API accepts, to be changed where a test needs something else.</summary>
internal static class Bodies
{
    private const string Mark = "\"@mark@\"";

    /// <summary>Ticks once an hour, so that nothing is written that a test does not cause.</summary>
    public static JsonObject Pool() => Parse("""
        {"model":"llama","replicas":2,"perReplica":{"tokensPerSecond":100000,"kvCacheBytes":1000000000,"sequences":64},"kvBytesPerToken":1000,"defaultMaxOutputTokens":100,
         "burstSeconds":10,"leaseSeconds":300,"tickMs":3600000,"policy":"weighted-share","shadow":false,"scaling":{"minReplicas":1,"maxReplicas":4,"targetUtilization":0.8}}
        """);

    public static JsonObject Entitlement(string serviceClass = "guaranteed", string tenant = "acme") => Parse(
        $$$"""{"tenant":"{{{tenant}}}","serviceClass":"{{{serviceClass}}}","sloTargetMs":500,"baseline":{"tokensPerSecond":10000,"kvCacheBytes":100000000,"sequences":8}}""");

    public static JsonObject Admission(Guid request, long input = 100, long output = 50) =>
        Parse($$"""{"requestId":"{{request}}","inputTokens":{{input}},"maxOutputTokens":{{output}},"workload":"chat","waitMs":0}""");

    public static JsonObject Usage(Guid request, long input = 100, long output = 50, string? id = null) => Parse($$$"""
        {"specversion":"1.0","type":"tokenledger.tokens-consumed.v1","source":"tests","id":"{{{id ?? Guid.NewGuid().ToString()}}}","subject":"{{{request}}}",
         "data":{"inputTokens":{{{input}}},"cachedInputTokens":0,"outputTokens":{{{output}}},"reasoningTokens":0,"outcome":"completed"}}
        """);

    /// <summary>An interim report of a stream.</summary>
    public static JsonObject Streamed(Guid request, long input = 100, long output = 20, string? id = null) => Parse($$$"""
        {"specversion":"1.0","type":"tokenledger.tokens-streamed.v1","source":"tests","id":"{{{id ?? Guid.NewGuid().ToString()}}}","subject":"{{{request}}}",
         "data":{"inputTokens":{{{input}}},"cachedInputTokens":0,"outputTokens":{{{output}}},"reasoningTokens":0}}
        """);

    /// <summary>A correction of what <see cref="Usage"/> reported under an id.</summary>
    public static JsonObject Correction(string of, long output = -10, string? id = null) => Parse(
        $$$"""{"id":"{{{id ?? Guid.NewGuid().ToString()}}}","corrects":{"source":"tests","id":"{{{of}}}"},"deltas":{"outputTokens":{{{output}}}},"reason":"The invoice counts otherwise."}""");

    /// <summary>A body with one field, by its path, as a text that need not be JSON; null leaves the field out.</summary>
    public static string With(this JsonObject body, string path, string? value)
    {
        var parts = path.Split('.');
        var parent = parts[..^1].Aggregate((JsonNode)body, (node, part) => node[part]!).AsObject();
        if (value is null) parent.Remove(parts[^1]);
        else parent[parts[^1]] = Mark.Trim('"');
        return body.ToJsonString().Replace(Mark, value, StringComparison.Ordinal);
    }

    /// <summary>The body with one field changed.</summary>
    public static JsonObject But(this JsonObject body, string path, string value) => Parse(body.With(path, value));

    public static JsonObject Without(this JsonObject body, string path) => Parse(body.With(path, null));

    public static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
