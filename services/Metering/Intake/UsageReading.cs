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
    public static ReportedUsage? Read(JsonElement json, DateTimeOffset now, Fields fields, out CloudEvent? cloudEvent)
    {
        cloudEvent = Parse(json, CloudEventJson.Default.CloudEvent, "", fields);
        if (cloudEvent is null) return null;
        fields.Require(cloudEvent.SpecVersion == "1.0", "specversion", "must be 1.0");
        fields.Require(cloudEvent.Type == CloudEvent.TokensConsumedType, "type", $"must be {CloudEvent.TokensConsumedType}");
        fields.Require(cloudEvent.DataContentType is null or "application/json", "datacontenttype", "must be application/json");
        var id = fields.Text(cloudEvent.Id, "id", 256);
        var source = fields.Text(cloudEvent.Source, "source", 512);
        fields.Require(RequestId.TryParse(cloudEvent.Subject, null, out var request), "subject", $"is the request id and {RequestId.Rule}");
        fields.Require(cloudEvent.Data is { ValueKind: JsonValueKind.Object }, "data", "is required and must be an object");
        var data = fields.Problem is null ? Parse(cloudEvent.Data!.Value, HttpJson.Default.UsageData, "data.", fields) : null;
        if (data is null) return null;
        var report = new ReportedUsage(
            source, id, request, data.Pool,
            fields.Range(data.InputTokens, "data.inputTokens", 0, MostTokens), Part(data.CachedInputTokens, data.InputTokens, "data.cachedInputTokens", "data.inputTokens", fields),
            fields.Range(data.OutputTokens, "data.outputTokens", 0, MostTokens), Part(data.ReasoningTokens, data.OutputTokens, "data.reasoningTokens", "data.outputTokens", fields),
            fields.Required(data.Outcome, "data.outcome"),
            Time(data.StartedAt, "data.startedAt", now, fields), Time(data.FirstTokenAt, "data.firstTokenAt", now, fields),
            Time(data.CompletedAt ?? cloudEvent.Time, data.CompletedAt is null ? "time" : "data.completedAt", now, fields));
        return fields.Problem is null ? report : null;
    }

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

    private static T? Parse<T>(JsonElement json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, string prefix, Fields fields) where T : class
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
