namespace TokenLedger.Contracts;

/// <summary>
/// The books of a pool are closed and opened again: its whole state, so that what follows can be decided without what came before. Written to `pool-{pool}` by Admission.
/// </summary>
/// <param name="Events">Events of the stream before this one.</param>
/// <param name="WaitingTurn">The next turn of the weighted cycle, in which waiting requests may be ordered.</param>
/// <param name="Returns">Refused requests whose clients were told when to come back, in that order.</param>
/// <param name="MeanHoldTicks">Mean time a request of the pool holds its sequence, in units of 100 ns; null before the first has ended.</param>
public sealed record BooksCarriedForward(
    PoolId Pool, long Events, PoolSettings Settings, int Replicas, long CapacityPosition, long LimitsPosition, CarriedBucket Surplus, CarriedAccount Account,
    IReadOnlyList<CarriedEntitlement> Entitlements, IReadOnlyList<CarriedReservation> Open, IReadOnlyList<SettlementDeferred> Deferred,
    IReadOnlyList<CarriedWait>? Waiting = null, int WaitingTurn = 0,
    IReadOnlyList<CarriedReturn>? Returns = null, long? MeanHoldTicks = null) : ILedgerEvent;

/// <summary>A token bucket: level and depth in micro-tokens at a time; no time for a bucket that was never filled.</summary>
public sealed record CarriedBucket(long TokensPerSecond, Int128 LevelMicros, Int128 DepthMicros, DateTimeOffset? At);

/// <summary>Totals over all time.</summary>
public sealed record CarriedAccount(Totals Reserved, Totals Settled, Totals Returned, Totals Expired, Totals Evicted, Resources Outstanding);

/// <param name="MeanHoldTicks">Mean time a request holds its sequence, in units of 100 ns; null before the first has ended.</param>
/// <param name="OwedTokens">Service owed to it, in tokens.</param>
/// <param name="Returns">The share of its refused clients who come back when they are told to; null before the first.</param>
public sealed record CarriedEntitlement(
    EntitlementId Entitlement, EntitlementTerms Terms, EntitlementState State, IReadOnlyList<KeyId> Keys, Capacity Limits, double Debt, double Burst, double Weight,
    CarriedBucket Rate, CarriedBucket Baseline, CarriedAccount Account, long? MeanHoldTicks, long OwedTokens = 0, double? Returns = null);

/// <param name="Shadow">Admitted in shadow mode though a rule would have refused it.</param>
public sealed record CarriedReservation(
    RequestId Request, EntitlementId Entitlement, Resources Reserved, Resources Outstanding, long InputTokens, long SurplusTokens, DateTimeOffset AdmittedAt, DateTimeOffset ExpiresAt,
    bool Shadow = false);

/// <summary>A request that waits for capacity, and since when.</summary>
public sealed record CarriedWait(
    RequestId Request, EntitlementId Entitlement, long InputTokens, long? MaxOutputTokens, string? Workload, long Tokens, DateTimeOffset Since, DateTimeOffset Until);

/// <summary>A refused request whose client was told, first at one time, to come back at another.</summary>
public sealed record CarriedReturn(RequestId Request, EntitlementId Entitlement, long Tokens, DateTimeOffset ToldAt, DateTimeOffset At);
