namespace TokenLedger.Contracts.Http;

/// <summary>Body of <c>PUT /v1/pools/{pool}</c>. What is left out gets its default: burst 10 s, lease 300 s, tick 1000 ms, policy weighted-share, no shadow, nothing lent, the waiting room of <see cref="QueueBounds"/>, estimates as <see cref="EstimationBounds"/>.</summary>
/// <param name="Lending">Share of idle guaranteed baselines that is lent, from 0 to 1.</param>
public sealed record PutPool(
    string? Model, int? Replicas, CapacityShape? PerReplica, long? KvBytesPerToken, long? DefaultMaxOutputTokens, ScalingShape? Scaling,
    int? BurstSeconds = null, int? LeaseSeconds = null, AdmissionPolicy? Policy = null, bool? Shadow = null, int? TickMs = null,
    double? Lending = null, QueueShape? Queue = null, EstimationShape? Estimation = null);

/// <summary>The waiting room of a pool in a request body.</summary>
public sealed record QueueShape(QueueOrder? Order = null, int? MaxRequests = null, int? MaxWaitMs = null, bool? KeepPromises = null);

/// <summary>How much output is reserved, in a request body.</summary>
public sealed record EstimationShape(bool? Enabled = null, double? Quantile = null, int? MinSamples = null);

/// <summary>A capacity in a request body; a missing number is told apart from zero.</summary>
public sealed record CapacityShape(long? TokensPerSecond, long? KvCacheBytes, int? Sequences);

/// <summary>How a pool may be scaled, in a request body; rules that are left out get the defaults of <see cref="ScalingRules"/>.</summary>
public sealed record ScalingShape(
    int? MinReplicas, int? MaxReplicas, double? TargetUtilization, RulesShape? Rules = null, IReadOnlyList<HintShape>? Schedule = null, SidesShape? Sides = null);

/// <summary><see cref="ScalingRules"/> in a request body.</summary>
public sealed record RulesShape(
    int? StartUpSeconds = null, int? StabilizationUpSeconds = null, int? StabilizationDownSeconds = null, int? MaxStepUp = null, int? MaxStepDown = null, double? DeadBand = null,
    int? CoolDownSeconds = null, int? QueueTargetMs = null, int? TimeToFirstTokenTargetMs = null, int? InterTokenTargetMs = null, int? RepaySeconds = null,
    int? StaleSeconds = null, int? FallbackSeconds = null);

/// <summary><see cref="ScheduleHint"/> in a request body.</summary>
public sealed record HintShape(string? Cron, int? Minutes, int? Replicas);

/// <summary><see cref="SideRules"/> in a request body.</summary>
public sealed record SidesShape(int? Prefill, int? Decode, long? PrefillTokensPerSecond, long? DecodeTokensPerSecond, bool? FollowMix = null);

/// <summary>Body of <c>PUT /v1/pools/{pool}/entitlements/{entitlement}</c>.</summary>
public sealed record PutEntitlement(
    TenantId? Tenant, ServiceClass? ServiceClass, long? SloTargetMs, CapacityShape? Baseline,
    DateTimeOffset? ValidFrom = null, DateTimeOffset? ValidTo = null, BudgetShape? Budget = null);

/// <summary>A budget in a request body.</summary>
public sealed record BudgetShape(long? MonthlyTokens, bool? HardStop = null);

/// <summary>Body of <c>PUT /v1/pools/{pool}/capacity</c>.</summary>
public sealed record PutCapacity(int? Replicas);

/// <summary>A pool as it stands, true at <see cref="LedgerVersion"/> of its stream. Tokens are rates (per second) in capacity and committed, counts in held and available.</summary>
public sealed record PoolView(
    PoolId Pool, string Model, int Replicas, Capacity PerReplica, long KvBytesPerToken, long DefaultMaxOutputTokens, int BurstSeconds, int LeaseSeconds,
    AdmissionPolicy Policy, bool Shadow, int TickMs, ScalingBounds Scaling, DimensionsView Dimensions, int OpenReservations,
    IReadOnlyList<EntitlementView> Entitlements, long LedgerVersion, double Lending, QueueBounds Queue, int WaitingRequests, EstimationBounds Estimation);

/// <summary>The three dimensions of a pool.</summary>
public sealed record DimensionsView(DimensionView Tokens, DimensionView KvCacheBytes, DimensionView Sequences);

/// <param name="Capacity">What runs now.</param>
/// <param name="Committed">Sum of the reserved baselines.</param>
/// <param name="Held">Outstanding reservations.</param>
/// <param name="Available">What could still be reserved now.</param>
public sealed record DimensionView(long Capacity, long Committed, long Held, long Available);

public sealed record EntitlementView(
    EntitlementId Entitlement, TenantId Tenant, ServiceClass ServiceClass, EntitlementState State, long SloTargetMs, Capacity Baseline,
    Capacity EffectiveLimits, Resources InFlight, double Debt, double Burst, double Weight,
    DateTimeOffset? ValidFrom, DateTimeOffset? ValidTo, IReadOnlyList<KeyId> Keys,
    EntitlementBudget? Budget = null, DateTimeOffset? ExhaustedUntil = null);

public sealed record PoolList(IReadOnlyList<PoolView> Pools);

/// <summary>A new key. The only time it is shown.</summary>
public sealed record NewKey(KeyId KeyId, string Key);

/// <summary>Body of <c>POST /v1/keys</c>: an operator key with roles; a tenant binds a finance key to that tenant.</summary>
public sealed record PostOperatorKey(string? Name, IReadOnlyList<Role>? Roles, TenantId? Tenant = null);

public sealed record OperatorKeyView(KeyId KeyId, string Name, IReadOnlyList<Role> Roles, TenantId? Tenant);

public sealed record OperatorKeyList(IReadOnlyList<OperatorKeyView> Keys);
