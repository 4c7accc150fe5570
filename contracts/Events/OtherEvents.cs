namespace TokenLedger.Contracts;

// `usage-{pool}`, written by Metering.

/// <summary>Tokens were consumed: the fact every bill rests on.</summary>
/// <param name="Source">Source of the CloudEvent that reported it; with <paramref name="EventId"/> its key for ever.</param>
/// <param name="Pool">Null when neither the report nor an admission tells the pool.</param>
/// <param name="Admitted">False when no admission of that request was recorded: kept and flagged.</param>
/// <param name="InputTokens">All input tokens, cached ones included.</param>
/// <param name="OutputTokens">All output tokens, reasoning included.</param>
public sealed record TokensConsumed(
    string Source, string EventId, RequestId Request, PoolId? Pool, EntitlementId? Entitlement, TenantId? Tenant, string? Model, ServiceClass? ServiceClass,
    bool Admitted, long InputTokens, long CachedInputTokens, long OutputTokens, long ReasoningTokens, Outcome Outcome,
    DateTimeOffset? StartedAt, DateTimeOffset? FirstTokenAt, DateTimeOffset CompletedAt) : ILedgerEvent;

// `fairness-{pool}`, written by Fairness.

/// <summary>A tick in which something changed, with the entitlements that did, or that is told again so that silence does not last.</summary>
/// <param name="ThroughPosition">The tick saw the ledger up to here.</param>
public sealed record LimitsAdjusted(PoolId Pool, long ThroughPosition, IReadOnlyList<FairnessShare> Entitlements) : ILedgerEvent;

/// <summary>What an entitlement asked for and got in the tick (tokens), and its fairness state after it.</summary>
/// <param name="DemandTokens">Received, and what waiting and refused requests would have used meanwhile.</param>
/// <param name="ReceivedTokens">Negative when the ends of requests show that less was used than had been counted.</param>
/// <param name="OwedTokens">Service owed to it, in tokens: what it was due and did not get, until it is repaid.</param>
/// <param name="ForgivenTokens">What was owed beyond the horizon and is struck off with this tick.</param>
public sealed record FairnessShare(
    EntitlementId Entitlement, long DemandTokens, long ReceivedTokens, double Debt, double Burst, double Weight, Capacity Limits,
    long OwedTokens = 0, long ForgivenTokens = 0);

// `fleet-{pool}`, written by Autoscaler.

/// <summary>The number of replicas that really run changed.</summary>
public sealed record CapacityChanged(PoolId Pool, int Replicas, int PreviousReplicas, string ReportedBy) : ILedgerEvent;

// `operators`, written by Admission.

/// <summary>An operator key was issued. Only its SHA-256 is kept (lower-case hexadecimal). A tenant binds a finance key to it.</summary>
public sealed record OperatorKeyIssued(KeyId Key, string Name, IReadOnlyList<Role> Roles, TenantId? Tenant, string KeyHash) : ILedgerEvent;

public sealed record OperatorKeyRevoked(KeyId Key) : ILedgerEvent;
