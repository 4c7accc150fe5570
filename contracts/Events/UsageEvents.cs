namespace TokenLedger.Contracts;

// `usage-{pool}`, and `usage` where no pool is known, written by Metering.

/// <summary>Tokens were consumed: the fact every bill rests on.</summary>
/// <param name="Source">Source of the CloudEvent that reported it; with <paramref name="EventId"/> its key for ever.</param>
/// <param name="Pool">Null when neither the report nor an admission tells the pool.</param>
/// <param name="Admitted">False when no admission of that request was recorded: kept and flagged.</param>
/// <param name="InputTokens">All input tokens, cached ones included.</param>
/// <param name="OutputTokens">All output tokens, reasoning included.</param>
/// <param name="EndLost">True when nobody reported the end: the lease ran out, and these are the last interim report's numbers. Absent otherwise.</param>
public sealed record TokensConsumed(
    string Source, string EventId, RequestId Request, PoolId? Pool, EntitlementId? Entitlement, TenantId? Tenant, string? Model, ServiceClass? ServiceClass,
    bool Admitted, long InputTokens, long CachedInputTokens, long OutputTokens, long ReasoningTokens, Outcome Outcome,
    DateTimeOffset? StartedAt, DateTimeOffset? FirstTokenAt, DateTimeOffset CompletedAt, bool? EndLost = null) : ILedgerEvent;

/// <summary>A long stream told how far it has come. Its numbers are of the whole request so far; they are billed only when its end is lost.</summary>
/// <param name="Source">Source of the CloudEvent that reported it; with <paramref name="EventId"/> its key for ever.</param>
/// <param name="InputTokens">All input tokens so far, cached ones included.</param>
/// <param name="OutputTokens">All output tokens so far, reasoning included.</param>
/// <param name="ReportedAt">When the request had used so much.</param>
public sealed record TokensStreamed(
    string Source, string EventId, RequestId Request, PoolId? Pool, EntitlementId? Entitlement, TenantId? Tenant, string? Model, ServiceClass? ServiceClass,
    bool Admitted, long InputTokens, long CachedInputTokens, long OutputTokens, long ReasoningTokens, DateTimeOffset ReportedAt) : ILedgerEvent;

/// <summary>Recorded usage is put right by what is added to it; the usage itself stays as it is. What it says of whose usage it was is copied from there.</summary>
/// <param name="CorrectionId">The corrector's key for it, for ever.</param>
/// <param name="Corrects">Which usage.</param>
/// <param name="Requests">-1 when it takes back a lost end whose true end has come: the request counts once. Otherwise 0.</param>
/// <param name="InputTokens">Added to the input tokens; negative takes away. So for the others.</param>
/// <param name="Author">The key that made the correction, or `metering` itself.</param>
/// <param name="CompletedAt">When the corrected usage was completed.</param>
public sealed record UsageCorrected(
    string CorrectionId, CorrectedUsage Corrects, RequestId Request, PoolId? Pool, EntitlementId? Entitlement, TenantId? Tenant, string? Model, ServiceClass? ServiceClass,
    bool Admitted, Outcome Outcome, int Requests, long InputTokens, long CachedInputTokens, long OutputTokens, long ReasoningTokens,
    string Reason, string Author, DateTimeOffset CompletedAt) : ILedgerEvent;

/// <summary>A recorded `tokens-consumed.v1`: its key and its ledger position.</summary>
public sealed record CorrectedUsage(string Source, string EventId, long Position);
