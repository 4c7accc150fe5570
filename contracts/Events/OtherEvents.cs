namespace TokenLedger.Contracts;

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

// `operators`, written by Admission.

/// <summary>An operator key was issued. Only its SHA-256 is kept (lower-case hexadecimal). A tenant binds a finance key to it.</summary>
public sealed record OperatorKeyIssued(KeyId Key, string Name, IReadOnlyList<Role> Roles, TenantId? Tenant, string KeyHash) : ILedgerEvent;

public sealed record OperatorKeyRevoked(KeyId Key) : ILedgerEvent;
