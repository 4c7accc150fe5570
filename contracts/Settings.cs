namespace TokenLedger.Contracts;

/// <summary>How far a pool may be scaled, in replicas, and the share of a replica that planning uses (0 to 1].</summary>
public sealed record ScalingBounds(int MinReplicas, int MaxReplicas, double TargetUtilization);

/// <summary>One model on identical replicas, as configured. Every default is filled in, so that a replay needs nothing else.</summary>
/// <param name="Model">Name of the model served.</param>
/// <param name="Replicas">Replicas running now, as far as the operator knows.</param>
/// <param name="PerReplica">Capacity of one replica.</param>
/// <param name="KvBytesPerToken">KV-cache bytes that one token occupies: 2 · layers · KV heads · head dimension · bytes per element.</param>
/// <param name="DefaultMaxOutputTokens">Output limit of a request that names none.</param>
/// <param name="BurstSeconds">Depth of the token buckets, in seconds of their rate.</param>
/// <param name="LeaseSeconds">How long a reservation lives without word from its gateway.</param>
/// <param name="TickMs">Period of the fairness tick, in milliseconds.</param>
/// <param name="Scaling">How far the pool may be scaled.</param>
public sealed record PoolSettings(
    string Model, int Replicas, Capacity PerReplica, long KvBytesPerToken, long DefaultMaxOutputTokens,
    int BurstSeconds, int LeaseSeconds, int TickMs, ScalingBounds Scaling);

/// <summary>What a tenant is entitled to in a pool.</summary>
/// <param name="SloTargetMs">Latency target ℓ*, in milliseconds.</param>
public sealed record EntitlementTerms(
    TenantId Tenant, ServiceClass ServiceClass, long SloTargetMs, Capacity Baseline,
    DateTimeOffset? ValidFrom, DateTimeOffset? ValidTo);
