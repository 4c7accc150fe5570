namespace TokenLedger.Contracts;

/// <summary>
/// The books of a pool are closed and opened again: its whole state, so that what follows can be decided without what came before. Written to `pool-{pool}` by Admission.
/// </summary>
/// <param name="Events">Events of the stream before this one.</param>
/// <param name="WaitingTurn">The next turn of the weighted cycle, in which waiting requests may be ordered.</param>
/// <param name="Returns">Refused requests whose clients were told when to come back, in that order.</param>
/// <param name="MeanHoldTicks">Mean time a request of the pool holds its sequence, in units of 100 ns; null before the first has ended.</param>
/// <param name="Estimates">What is known of the length of answers.</param>
public sealed record BooksCarriedForward(
    PoolId Pool, long Events, PoolSettings Settings, int Replicas, long CapacityPosition, long LimitsPosition, CarriedBucket Surplus, CarriedAccount Account,
    IReadOnlyList<CarriedEntitlement> Entitlements, IReadOnlyList<CarriedReservation> Open, IReadOnlyList<SettlementDeferred> Deferred,
    IReadOnlyList<CarriedWait>? Waiting = null, int WaitingTurn = 0,
    IReadOnlyList<CarriedReturn>? Returns = null, long? MeanHoldTicks = null, CarriedEstimates? Estimates = null) : ILedgerEvent;

/// <summary>A token bucket: level and depth in micro-tokens at a time; no time for a bucket that was never filled.</summary>
public sealed record CarriedBucket(long TokensPerSecond, Int128 LevelMicros, Int128 DepthMicros, DateTimeOffset? At);

/// <summary>Totals over all time.</summary>
public sealed record CarriedAccount(Totals Reserved, Totals Settled, Totals Returned, Totals Expired, Totals Evicted, Resources Outstanding);

/// <param name="MeanHoldTicks">Mean time a request holds its sequence, in units of 100 ns; null before the first has ended.</param>
/// <param name="OwedTokens">Service owed to it, in tokens.</param>
/// <param name="Returns">The share of its refused clients who come back when they are told to; null before the first.</param>
/// <param name="ExhaustedUntil">Its budget is consumed, and this is the end of the month; null when it is not.</param>
public sealed record CarriedEntitlement(
    EntitlementId Entitlement, EntitlementTerms Terms, EntitlementState State, IReadOnlyList<KeyId> Keys, Capacity Limits, double Debt, double Burst, double Weight,
    CarriedBucket Rate, CarriedBucket Baseline, CarriedAccount Account, long? MeanHoldTicks, long OwedTokens = 0, double? Returns = null,
    DateTimeOffset? ExhaustedUntil = null);

/// <param name="Shadow">Admitted in shadow mode though a rule would have refused it.</param>
/// <param name="Workload">The workload that the request named.</param>
/// <param name="Estimated">Its output was reserved by an estimate.</param>
public sealed record CarriedReservation(
    RequestId Request, EntitlementId Entitlement, Resources Reserved, Resources Outstanding, long InputTokens, long SurplusTokens, DateTimeOffset AdmittedAt, DateTimeOffset ExpiresAt,
    bool Shadow = false, string? Workload = null, bool Estimated = false);

/// <summary>A request that waits for capacity, and since when.</summary>
public sealed record CarriedWait(
    RequestId Request, EntitlementId Entitlement, long InputTokens, long? MaxOutputTokens, string? Workload, long Tokens, DateTimeOffset Since, DateTimeOffset Until);

/// <summary>A refused request whose client was told, first at one time, to come back at another.</summary>
public sealed record CarriedReturn(RequestId Request, EntitlementId Entitlement, long Tokens, DateTimeOffset ToldAt, DateTimeOffset At);

/// <summary>What a pool knows of the length of answers: of the whole pool, of the workloads of all tenants, and of the tenants' workloads.</summary>
/// <param name="Learned">Answers it has learned from.</param>
public sealed record CarriedEstimates(long Learned, IReadOnlyList<CarriedOutputs> Scopes);

/// <summary>What is known of one scope.</summary>
/// <param name="Tenant">Null for a workload of all tenants, and for the pool.</param>
/// <param name="Workload">Empty for requests that name none; null for the pool.</param>
/// <param name="Count">Outputs it has learned from.</param>
/// <param name="Sum">Their sum, in tokens.</param>
/// <param name="Average">An average that gives the newest a tenth, in millitokens.</param>
/// <param name="LearnedAt">Answers of the pool before it last learned.</param>
/// <param name="Lean">By how much the level that is reserved differs from its target, in millionths of a log-odd.</param>
/// <param name="Bias">DriftSched's B, in millionths.</param>
/// <param name="Errors">Mean absolute errors of the ways to estimate, in microtokens.</param>
/// <param name="WholeLoss">Quantile loss of reserving by the last outputs of all lengths, in microtokens.</param>
/// <param name="BinLoss">The same of reserving by those of one class of input length.</param>
/// <param name="Best">Index of the way to estimate that is taken.</param>
/// <param name="Outputs">The last outputs, in tokens, the oldest first.</param>
public sealed record CarriedOutputs(
    TenantId? Tenant, string? Workload, long Count, long Sum, long Average, long LearnedAt, long Lean, long Bias, IReadOnlyList<long> Errors, long WholeLoss, long BinLoss, int Best,
    IReadOnlyList<int> Outputs, IReadOnlyList<CarriedBin> Bins);

/// <summary>The last outputs of requests of one class of input length, the oldest first.</summary>
public sealed record CarriedBin(int Bin, IReadOnlyList<int> Outputs);
