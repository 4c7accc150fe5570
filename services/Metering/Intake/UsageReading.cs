using System.Text.Json;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Metering.Intake;

/// <summary>Reads CloudEvents and checks them: what comes out can be recorded as it is.</summary>
internal static class UsageReading
{
    public const long MostTokens = 1_000_000_000;
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromHours(1);
    private static readonly DateTimeOffset s_earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads one event.</summary>
    /// <returns>The report, or null with what is wrong in <paramref name="fields"/>.</returns>
    public static UsageReport? Read(JsonElement json, DateTimeOffset now, Fields fields, out CloudEvent? cloudEvent)
    {
        cloudEvent = Parse(json, CloudEventJson.Default.CloudEvent, "", fields);
        if (cloudEvent is null) return null;
        fields.Require(cloudEvent.SpecVersion == "1.0", "specversion", "must be 1.0");
        fields.Require(cloudEvent.Type is CloudEvent.TokensConsumedType or CloudEvent.TokensStreamedType, "type", $"must be {CloudEvent.TokensConsumedType} or {CloudEvent.TokensStreamedType}");
        fields.Require(cloudEvent.DataContentType is null or "application/json", "datacontenttype", "must be application/json");
        fields.Text(cloudEvent.Id, "id", 256);
        var source = fields.Text(cloudEvent.Source, "source", 512);
        fields.Require(!source.StartsWith(EventIds.OwnPrefix, StringComparison.Ordinal), "source", $"must not begin with {EventIds.OwnPrefix}");
        fields.Require(RequestId.TryParse(cloudEvent.Subject, null, out var request), "subject", $"is the request id and {RequestId.Rule}");
        fields.Require(cloudEvent.Data is { ValueKind: JsonValueKind.Object }, "data", "is required and must be an object");
        if (fields.Problem is not null) return null;
        UsageReport? report = cloudEvent.Type == CloudEvent.TokensStreamedType ? ReadStream(cloudEvent, request, now, fields) : ReadUsage(cloudEvent, request, now, fields);
        return fields.Problem is null ? report : null;
    }

    private static ReportedUsage? ReadUsage(CloudEvent e, RequestId request, DateTimeOffset now, Fields fields) =>
        Parse(e.Data!.Value, HttpJson.Default.UsageData, "data.", fields) is not { } data ? null : new(
            e.Source!, e.Id!, request, data.Pool, Tokens(data.InputTokens, data.CachedInputTokens, data.OutputTokens, data.ReasoningTokens, fields), fields.Required(data.Outcome, "data.outcome"),
            Time(data.StartedAt, "data.startedAt", now, fields), Time(data.FirstTokenAt, "data.firstTokenAt", now, fields),
            Time(data.CompletedAt ?? e.Time, data.CompletedAt is null ? "time" : "data.completedAt", now, fields));

    private static ReportedStream? ReadStream(CloudEvent e, RequestId request, DateTimeOffset now, Fields fields) =>
        Parse(e.Data!.Value, HttpJson.Default.StreamedData, "data.", fields) is not { } data ? null : new(
            e.Source!, e.Id!, request, data.Pool, Tokens(data.InputTokens, data.CachedInputTokens, data.OutputTokens, data.ReasoningTokens, fields),
            Time(data.ReportedAt ?? e.Time, data.ReportedAt is null ? "time" : "data.reportedAt", now, fields));

    private static TokenCounts Tokens(long? input, long? cached, long? output, long? reasoning, Fields fields) => new(
        fields.Range(input, "data.inputTokens", 0, MostTokens), Part(cached, input, "data.cachedInputTokens", "data.inputTokens", fields),
        fields.Range(output, "data.outputTokens", 0, MostTokens), Part(reasoning, output, "data.reasoningTokens", "data.outputTokens", fields));

    /// <summary>Cached and reasoning tokens are parts of what they belong to.</summary>
    private static long Part(long? part, long? whole, string field, string of, Fields fields)
    {
        fields.Require(part is null or >= 0, field, "must not be negative");
        fields.Require(part is null || whole is null or < 0 || part <= whole, field, $"is a part of {of} and must not exceed it");
        return part ?? 0;
    }

    private static DateTimeOffset? Time(DateTimeOffset? time, string field, DateTimeOffset now, Fields fields)
    {
        fields.Require(time is null || time >= s_earliest && time <= now + s_clockSkew, field, "must lie between the year 2000 and now");
        return time?.ToUniversalTime();
    }

    /// <summary>Reads a JSON value as a shape of the API; what is wrong is told by its path.</summary>
    public static T? Parse<T>(JsonElement json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, string prefix, Fields fields) where T : class
    {
        try
        {
            var value = json.Deserialize(type);
            fields.Require(value is not null, prefix.Length == 0 ? "body" : prefix.TrimEnd('.'), "must be an object");
            return value;
        }
        catch (JsonException e)
        {
            var (field, what) = ProblemHandling.Explain(e);
            fields.Require(false, prefix + field, what);
            return null;
        }
    }
}
