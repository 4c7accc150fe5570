namespace TokenLedger.Contracts;

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
/// <param name="Policy">What admits when capacity is short.</param>
/// <param name="Shadow">Admit what would be refused, and record by which rule.</param>
/// <param name="Lending">Share of an idle guaranteed baseline that classes which may burst use meanwhile, from 0 (none) to 1 (all).</param>
/// <param name="Queue">Who may wait for capacity, and in which order; null for the defaults.</param>
/// <param name="Estimation">How much output is reserved; null in pools from before it was estimated, which reserve the output limit.</param>
public sealed record PoolSettings(
    string Model, int Replicas, Capacity PerReplica, long KvBytesPerToken, long DefaultMaxOutputTokens,
    int BurstSeconds, int LeaseSeconds, int TickMs, ScalingBounds Scaling,
    AdmissionPolicy Policy = AdmissionPolicy.WeightedShare, bool Shadow = false, double Lending = 0, QueueBounds? Queue = null,
    EstimationBounds? Estimation = null);

/// <summary>What decides when capacity is short: nothing, static baselines, the weight of the published algorithm (arXiv 2603.00356), or shares divided anew each tick (domain.md §6).</summary>
public enum AdmissionPolicy { AdmitAll, RateLimit, Threshold, WeightedShare }

/// <summary>The order in which waiting requests get capacity (domain.md §7): arrival; class; a cycle of 50/30/20; cheapest first; class with ageing; weight over expected cost, with ageing.</summary>
public enum QueueOrder { Fifo, StrictPriority, WeightedCycle, ShortestJob, Ageing, WeightOverCost }

/// <summary>The waiting room of a pool.</summary>
/// <param name="MaxRequests">Requests that may wait at a time.</param>
/// <param name="MaxWaitMs">The longest wait that a request may ask for, in milliseconds.</param>
/// <param name="KeepPromises">Room is kept for clients who were told when to come back, at the price of some of it lying idle; without, whoever is there takes it.</param>
public sealed record QueueBounds(QueueOrder Order = QueueOrder.WeightOverCost, int MaxRequests = 256, int MaxWaitMs = 30_000, bool KeepPromises = false);

/// <summary>How much output is reserved for a request: an estimate of what it will not exceed, at most its output limit.</summary>
/// <param name="Enabled">Without, the output limit is reserved.</param>
/// <param name="Quantile">The share of requests whose output is to be within what is reserved, from 0.5 to 0.99.</param>
/// <param name="MinSamples">So many requests must have ended before the first estimate is reserved; until then it is the output limit.</param>
public sealed record EstimationBounds(bool Enabled = true, double Quantile = 0.9, int MinSamples = 32);

/// <summary>What a tenant is entitled to in a pool.</summary>
/// <param name="SloTargetMs">Latency target ℓ*, in milliseconds.</param>
/// <param name="Budget">Tokens for a month; null for no budget.</param>
public sealed record EntitlementTerms(
    TenantId Tenant, ServiceClass ServiceClass, long SloTargetMs, Capacity Baseline,
    DateTimeOffset? ValidFrom, DateTimeOffset? ValidTo, EntitlementBudget? Budget = null);

/// <summary>Input and output tokens of a calendar month (UTC).</summary>
/// <param name="HardStop">Whether nothing more is admitted in the month once they are consumed.</param>
public sealed record EntitlementBudget(long MonthlyTokens, bool HardStop = false);
