namespace TokenLedger.Contracts;

// The events of `pool-{pool}`. Admission is their only writer.

public sealed record PoolOpened(PoolId Pool, PoolSettings Settings) : ILedgerEvent;

public sealed record PoolReconfigured(PoolId Pool, PoolSettings Settings) : ILedgerEvent;

public sealed record EntitlementGranted(PoolId Pool, EntitlementId Entitlement, EntitlementTerms Terms) : ILedgerEvent;

public sealed record EntitlementAmended(PoolId Pool, EntitlementId Entitlement, EntitlementTerms Terms) : ILedgerEvent;

public sealed record EntitlementRevoked(PoolId Pool, EntitlementId Entitlement) : ILedgerEvent;

public sealed record EntitlementStateChanged(PoolId Pool, EntitlementId Entitlement, EntitlementState From, EntitlementState To) : ILedgerEvent;

/// <summary>An inference key was issued. Only its SHA-256 is kept (lower-case hexadecimal).</summary>
public sealed record KeyIssued(PoolId Pool, EntitlementId Entitlement, KeyId Key, string KeyHash) : ILedgerEvent;

public sealed record KeyRevoked(PoolId Pool, EntitlementId Entitlement, KeyId Key) : ILedgerEvent;

/// <summary>A request was admitted and its resources reserved until it ends or <paramref name="ExpiresAt"/>.</summary>
/// <param name="MaxOutputTokens">The output limit the client named; null when the pool's default was filled in.</param>
/// <param name="ExpectedOutputTokens">The output the reservation counts on.</param>
/// <param name="Weight">Priority weight of the entitlement when it decided.</param>
/// <param name="ShadowDenial">In shadow mode: the rule that would have refused it. Null when none would.</param>
public sealed record RequestAdmitted(
    PoolId Pool, RequestId Request, EntitlementId Entitlement, TenantId Tenant, long InputTokens, long? MaxOutputTokens, string? Workload,
    long ExpectedOutputTokens, Resources Reserved, double Weight, DateTimeOffset ExpiresAt, DenialReason? ShadowDenial = null) : ILedgerEvent;

/// <summary>A request was refused by a rule. <paramref name="Tokens"/> is what it would have cost.</summary>
public sealed record RequestDenied(
    PoolId Pool, RequestId Request, EntitlementId Entitlement, TenantId Tenant, long InputTokens, long? MaxOutputTokens, string? Workload,
    long Tokens, DenialReason Reason, long RetryAfterMs) : ILedgerEvent;

/// <summary>Refusals beyond the bound of one second, counted instead of listed.</summary>
public sealed record RequestsDenied(PoolId Pool, IReadOnlyList<DeniedCount> Counts) : ILedgerEvent;

/// <summary>How many requests of one entitlement one rule refused, and what they would have cost together.</summary>
public sealed record DeniedCount(EntitlementId Entitlement, DenialReason Reason, long Requests, long Tokens);

/// <summary>A request waits for capacity until <paramref name="Until"/>. It leaves with its admission, its refusal or `wait-abandoned.v1`.</summary>
/// <param name="Tokens">What it would cost.</param>
public sealed record RequestQueued(
    PoolId Pool, RequestId Request, EntitlementId Entitlement, TenantId Tenant, long InputTokens, long? MaxOutputTokens, string? Workload,
    long Tokens, DateTimeOffset Until) : ILedgerEvent;

/// <summary>Whoever waited has gone: nobody would hear the answer.</summary>
public sealed record WaitAbandoned(PoolId Pool, RequestId Request, EntitlementId Entitlement) : ILedgerEvent;

/// <summary>The first token came: the prefill is done and its tokens are settled before the end.</summary>
public sealed record PrefillReleased(PoolId Pool, RequestId Request, EntitlementId Entitlement, long Tokens) : ILedgerEvent;

public sealed record ReservationRenewed(PoolId Pool, RequestId Request, EntitlementId Entitlement, DateTimeOffset ExpiresAt) : ILedgerEvent;

/// <summary>The request ended with known usage. settled + returned = what was outstanding; excess is what it used beyond its reservation.</summary>
/// <param name="UsagePosition">Ledger position of the `tokens-consumed.v1` that settles it.</param>
public sealed record ReservationSettled(
    PoolId Pool, RequestId Request, EntitlementId Entitlement, long InputTokens, long OutputTokens,
    Resources Settled, Resources Returned, Resources Excess, long UsagePosition) : ILedgerEvent;

/// <summary>Usage came for a request that nothing has admitted yet: it settles the admission should that still arrive.</summary>
/// <param name="Entitlement">Whose key reported it; null for a gateway's operator key. It settles no other entitlement's request.</param>
public sealed record SettlementDeferred(PoolId Pool, RequestId Request, long InputTokens, long OutputTokens, long UsagePosition, EntitlementId? Entitlement = null) : ILedgerEvent;

public sealed record ReservationReleased(PoolId Pool, RequestId Request, EntitlementId Entitlement, Resources Returned) : ILedgerEvent;

public sealed record ReservationExpired(PoolId Pool, RequestId Request, EntitlementId Entitlement, Resources Expired) : ILedgerEvent;

/// <summary>A preemptible request was stopped to make room for <paramref name="Beneficiary"/>.</summary>
public sealed record ReservationEvicted(PoolId Pool, RequestId Request, EntitlementId Entitlement, Resources Evicted, RequestId Beneficiary) : ILedgerEvent;

/// <summary>The pool's writer starts to use new capacity or new limits, so that a replay of its stream needs no other stream.</summary>
/// <param name="Replicas">Replicas in force from here on.</param>
/// <param name="CapacityPosition">Position of the last `capacity-changed.v1` taken in; 0 for none.</param>
/// <param name="LimitsPosition">Position of the last `limits-adjusted.v1` taken in; 0 for none.</param>
/// <param name="Limits">The entitlements whose limits change.</param>
public sealed record LimitsApplied(PoolId Pool, int Replicas, long CapacityPosition, long LimitsPosition, IReadOnlyList<EntitlementLimits> Limits) : ILedgerEvent;

/// <summary>The month's budget is consumed: a hard stop until <paramref name="Until"/>, or until the budget is raised or taken away.</summary>
/// <param name="ThresholdPosition">Position of the `budget-threshold-reached.v1` that says so.</param>
public sealed record BudgetExhausted(PoolId Pool, EntitlementId Entitlement, long MonthlyTokens, DateTimeOffset Until, long ThresholdPosition) : ILedgerEvent;

/// <summary>Effective limits of an entitlement with the fairness state they came from.</summary>
/// <param name="OwedTokens">Service owed to it, in tokens.</param>
public sealed record EntitlementLimits(EntitlementId Entitlement, Capacity Limits, double Debt, double Burst, double Weight, long OwedTokens = 0);
