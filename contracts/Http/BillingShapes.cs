namespace TokenLedger.Contracts.Http;

/// <summary>Body of <c>PUT /v1/prices/{model}</c>: the whole price list of a model from a time on; left out, from now on.</summary>
public sealed record PutPrices(IReadOnlyList<RateShape>? Rates, DateTimeOffset? EffectiveFrom = null);

/// <summary>A rate in a request body, in micro-units of the currency per million tokens.</summary>
public sealed record RateShape(PriceKind? Kind, long? MicrosPerMillion, ServiceClass? ServiceClass = null);

/// <summary>A price list as it was set.</summary>
public sealed record PriceListView(string Model, DateTimeOffset EffectiveFrom, string Currency, IReadOnlyList<PriceRate> Rates, string Author, long LedgerPosition);

/// <summary>Price lists in the order they were set.</summary>
public sealed record PriceLists(IReadOnlyList<PriceListView> Prices);

/// <summary>A statement. A draft shows what an open month comes to so far: it has no checkpoint, and its last position is what it is true at.</summary>
/// <param name="LedgerPosition">Where the statement itself stands in the ledger.</param>
public sealed record StatementView(
    TenantId Tenant, string Period, DateTimeOffset Start, DateTimeOffset End, string Currency, string Issuer, long TotalTokens, long TotalMicros, long FirstPosition, long LastPosition,
    bool Draft, IReadOnlyList<StatementLine> Lines, StatementCheckpoint? Checkpoint = null, DateTimeOffset? IssuedAt = null, long? LedgerPosition = null);

/// <summary>The ledger that a statement rests on: events under the root hash, in Base64.</summary>
public sealed record StatementCheckpoint(long TreeSize, string RootHash);

/// <summary>One of a tenant's statements.</summary>
public sealed record StatementSummary(string Period, string Currency, long TotalTokens, long TotalMicros, DateTimeOffset IssuedAt, long LedgerPosition);

public sealed record StatementList(TenantId Tenant, IReadOnlyList<StatementSummary> Statements);

/// <summary>A run that closes months.</summary>
/// <param name="StartedBy">The scheduler, or the id of the operator's key.</param>
/// <param name="Error">Why it failed; null when it did not.</param>
public sealed record ClosingView(DateTimeOffset StartedAt, DateTimeOffset EndedAt, string StartedBy, string Instance, IReadOnlyList<string> Periods, int Statements, string? Error = null);

/// <summary>Runs, the latest first: those that closed or issued something, failed, or were started by an operator.</summary>
public sealed record ClosingRuns(IReadOnlyList<ClosingView> Runs);

/// <summary>What an entitlement has left of this month, in the shape of OpenMeter: tokens of its budget, or without one those committed in the hours so far.</summary>
/// <param name="HasAccess">It is in force, and no hard stop of its budget holds.</param>
/// <param name="Balance">What is left of the grant, at least 0.</param>
/// <param name="Overage">What was used beyond the grant.</param>
public sealed record EntitlementValue(bool HasAccess, long Balance, long Usage, long Overage, long TotalAvailableGrantAmount, PoolId Pool, long LedgerPosition);
