namespace TokenLedger.Contracts.Http;

/// <summary>Body of <c>POST /v1/admissions</c>.</summary>
public sealed record PostAdmission(RequestId? RequestId, long? InputTokens, long? MaxOutputTokens = null, string? Workload = null, long? WaitMs = null);

/// <summary>The answer to an admitted request; the same for the same request for ever.</summary>
public sealed record AdmissionView(
    RequestId RequestId, PoolId Pool, EntitlementId Entitlement, Resources Reserved, long ExpectedOutputTokens, double Weight, DateTimeOffset ExpiresAt, long LedgerPosition);

/// <summary>The answer to first-token, renew and release.</summary>
public sealed record ReservationView(RequestId RequestId, PoolId Pool, EntitlementId Entitlement, Resources Outstanding, DateTimeOffset ExpiresAt, long LedgerPosition);
