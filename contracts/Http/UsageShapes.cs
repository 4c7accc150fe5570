using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Contracts.Http;

/// <summary>A CloudEvent 1.0 in its JSON format. Extension attributes are allowed and not kept.</summary>
public sealed record CloudEvent(
    [property: JsonPropertyName("specversion")] string? SpecVersion, string? Type, string? Source, string? Id, string? Subject,
    DateTimeOffset? Time, [property: JsonPropertyName("datacontenttype")] string? DataContentType, JsonElement? Data)
{
    public const string ContentType = "application/cloudevents+json";
    public const string BatchContentType = "application/cloudevents-batch+json";
    public const string TokensConsumedType = "tokenledger.tokens-consumed.v1";
    public const string TokensStreamedType = "tokenledger.tokens-streamed.v1";
}

/// <summary>The data of a usage event.</summary>
public sealed record UsageData(
    PoolId? Pool, long? InputTokens, long? OutputTokens, Outcome? Outcome, long? CachedInputTokens = null, long? ReasoningTokens = null,
    DateTimeOffset? StartedAt = null, DateTimeOffset? FirstTokenAt = null, DateTimeOffset? CompletedAt = null);

/// <summary>The data of an interim report of a long stream; the numbers are of the whole request so far.</summary>
public sealed record StreamedData(
    PoolId? Pool, long? InputTokens, long? OutputTokens, long? CachedInputTokens = null, long? ReasoningTokens = null, DateTimeOffset? ReportedAt = null);

/// <summary>What became of one usage event. <see cref="Status"/> is as in HTTP: 202 recorded (or recorded before), 400, 403 or 409 with the reason.</summary>
public sealed record UsageResult(string? Id, string? Source, int Status, long? LedgerPosition, bool? Duplicate, bool? Admitted, string? Reason, string? Detail,
    IReadOnlyDictionary<string, string[]>? Errors = null);

/// <summary>The answer to a batch: one result per event, in its order.</summary>
public sealed record UsageBatchResult(int Accepted, int Rejected, IReadOnlyList<UsageResult> Results);

/// <summary>One group of <c>GET /v1/usage</c>. Fields that are not grouped by are absent.</summary>
public sealed record UsageRow(
    DateTimeOffset? WindowStart, TenantId? Tenant, PoolId? Pool, EntitlementId? Entitlement, string? Model,
    long Requests, long InputTokens, long CachedInputTokens, long OutputTokens, long ReasoningTokens, long CostMicros);

/// <summary>Consumption, true at a ledger position.</summary>
public sealed record UsageReport(long LedgerPosition, IReadOnlyList<UsageRow> Rows);

/// <summary>One entry of the consumption history: usage, or a correction of it, whose tokens are what it adds.</summary>
/// <param name="EndLost">True when nobody reported the end and the numbers are the last interim report's; absent otherwise.</param>
/// <param name="Corrects">What a correction corrects; absent for usage itself. The <paramref name="Source"/> of a correction is <c>tokenledger:correction</c>, its <paramref name="Id"/> the correction's.</param>
public sealed record UsageEntry(
    long Position, RequestId RequestId, string Source, string Id, TenantId? Tenant, PoolId? Pool, EntitlementId? Entitlement, string? Model, bool Admitted,
    Outcome Outcome, long InputTokens, long CachedInputTokens, long OutputTokens, long ReasoningTokens, long CostMicros, DateTimeOffset CompletedAt,
    bool? EndLost = null, CorrectionNote? Corrects = null);

/// <summary>Which usage a correction puts right, why, and by whose key.</summary>
public sealed record CorrectionNote(string Source, string Id, long Position, string Reason, string Author);

/// <summary>A page of the consumption history; <see cref="Next"/> is the <c>after</c> of the next page, null on the last.</summary>
public sealed record UsageHistory(long LedgerPosition, IReadOnlyList<UsageEntry> Events, long? Next);
