namespace TokenLedger.Contracts;

// What Metering writes of money. Names of pools begin with a letter or digit, so these streams are no pool's: `usage-_prices`, `usage-_periods`, `usage-_statements`, `usage-_budgets`.

/// <summary>What a token is priced as. Cached input is a part of input and reasoning a part of output: each token has one kind. <see cref="Committed"/> is the capacity that a baseline commits.</summary>
public enum PriceKind { Input, CachedInput, Output, Reasoning, Committed }

/// <summary>Committed: within the capacity that a baseline commits. Dynamic: spot and preemptible. Standard: the rest.</summary>
public enum PricingCategory { Standard, Dynamic, Committed }

/// <summary>Whether committed capacity was used.</summary>
public enum CommitmentStatus { Used, Unused }

/// <summary>The price of a kind of token, in micro-units of the currency per million tokens.</summary>
/// <param name="ServiceClass">Null for every class that has no rate of its own.</param>
public sealed record PriceRate(PriceKind Kind, long MicrosPerMillion, ServiceClass? ServiceClass = null);

/// <summary>The whole price list of a model from a time on. What stands before it in the ledger stays charged as it was.</summary>
public sealed record PriceSet(string Model, DateTimeOffset EffectiveFrom, IReadOnlyList<PriceRate> Rates, string Author) : ILedgerEvent;

/// <summary>A billing period is closed: what is recorded from here on belongs to a later one.</summary>
/// <param name="Period">The month (UTC), such as 2026-10.</param>
public sealed record BillingPeriodClosed(string Period, DateTimeOffset Start, DateTimeOffset End) : ILedgerEvent;

/// <summary>The statement of a tenant for a closed period. There is one, and it never changes: what is found later is in the next.</summary>
/// <param name="TotalMicros">Sum of the lines, in micro-units of the currency.</param>
/// <param name="FirstPosition">Ledger position of the first event that counts.</param>
/// <param name="LastPosition">Position of the `billing-period-closed.v1`: no later event counts.</param>
/// <param name="TreeSize">Events under the root hash: all up to the last position.</param>
/// <param name="RootHash">Root of the ledger's hash tree of that size, in Base64 as in a checkpoint.</param>
public sealed record StatementIssued(
    TenantId Tenant, string Period, DateTimeOffset Start, DateTimeOffset End, string Currency, string Issuer, long TotalTokens, long TotalMicros,
    long FirstPosition, long LastPosition, long TreeSize, string RootHash, IReadOnlyList<StatementLine> Lines) : ILedgerEvent;

/// <summary>A line of a statement.</summary>
/// <param name="OriginalPeriod">The month of completion, when that was closed before this was recorded.</param>
/// <param name="Tokens">Negative where a correction or a credit takes back.</param>
public sealed record StatementLine(
    PoolId? Pool, EntitlementId? Entitlement, string? Model, ServiceClass? ServiceClass, PriceKind Kind, PricingCategory Category, CommitmentStatus? Commitment,
    string? OriginalPeriod, long Tokens, long Micros);

/// <summary>An entitlement has consumed so many percent of its budget in a month. Once for each percentage, month and budget.</summary>
/// <param name="Until">The end of the month.</param>
public sealed record BudgetThresholdReached(
    PoolId Pool, EntitlementId Entitlement, TenantId Tenant, string Month, int Percent, long MonthlyTokens, long UsedTokens, bool HardStop, DateTimeOffset Until) : ILedgerEvent;
