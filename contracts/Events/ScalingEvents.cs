namespace TokenLedger.Contracts;

// `fleet-{pool}`, written by Autoscaler.

/// <summary>The number of replicas that really run changed.</summary>
public sealed record CapacityChanged(PoolId Pool, int Replicas, int PreviousReplicas, string ReportedBy) : ILedgerEvent;

/// <summary>How many replicas should run. Recorded when a recommendation, the decision or what it remembers changed, and again after a silence; with what it saw, so that it can be decided again.</summary>
/// <param name="ThroughPosition">The decision saw the ledger up to here.</param>
/// <param name="ObservedReplicas">Replicas that were known to run.</param>
/// <param name="Recommendation">What the signals ask for, within the bounds, before steps and windows.</param>
/// <param name="Binding">The signal that asked for the most; absent when none answered.</param>
/// <param name="Detail">The reason in a sentence.</param>
/// <param name="Observation">What was seen of the engines.</param>
/// <param name="Sides">Prefill and decode apart; absent when every replica does both.</param>
public sealed record ScalingDecided(
    PoolId Pool, long ThroughPosition, int ObservedReplicas, int DesiredReplicas, int PreviousDesiredReplicas, int Recommendation,
    ScalingSignal? Binding, ScalingReason Reason, string Detail, IReadOnlyList<SignalAnswer> Signals, ScalingObservation Observation, ScalingMemory Memory,
    DesiredSides? Sides = null) : ILedgerEvent;

/// <summary>What one signal asks for, and the numbers it came from.</summary>
public sealed record SignalAnswer(ScalingSignal Signal, int DesiredReplicas, IReadOnlyList<SignalInput> Inputs);

public sealed record SignalInput(string Name, double Value);

/// <summary>What is seen of the engines of a pool, over all replicas that answered in time; whatever is not known is absent.</summary>
/// <param name="ReadyReplicas">Replicas that serve.</param>
/// <param name="AgeSeconds">Since the last answer of any engine; absent when engines are not watched.</param>
/// <param name="LedgerAgeSeconds">How far behind the ledger's head the decision's view of it may be, in time.</param>
/// <param name="KvCacheUsage">Mean part of the KV cache in use, 0 to 1.</param>
/// <param name="TimeToFirstTokenSeconds">The quantile of the median replica.</param>
/// <param name="InterTokenSeconds">The quantile of the median replica.</param>
public sealed record ScalingObservation(
    int? ReadyReplicas = null, double? AgeSeconds = null, double LedgerAgeSeconds = 0, int? Running = null, int? Waiting = null, double? KvCacheUsage = null,
    double? PromptTokensPerSecond = null, double? GenerationTokensPerSecond = null, double? TimeToFirstTokenSeconds = null, double? InterTokenSeconds = null);

/// <summary>Since when a condition lasts that must last before it counts; absent while it does not hold.</summary>
public sealed record ScalingMemory(DateTimeOffset? KvHighSince = null, DateTimeOffset? FirstTokenLateSince = null, DateTimeOffset? InterTokenLateSince = null);

/// <summary>Replicas of the two sides; together the desired ones.</summary>
public sealed record DesiredSides(int Prefill, int Decode);

/// <summary>What may ask for replicas (docs/domain.md §8).</summary>
public enum ScalingSignal { Promised, Demand, Queue, ActiveTokens, KvReactive, KvForecast, TimeToFirstToken, InterTokenLatency, Schedule, Mix }

/// <summary>Why a decision is what it is.</summary>
public enum ScalingReason { Unchanged, ScaledUp, ScaledDown, StepLimited, DeadBand, Stabilising, CoolingDown, SignalsMissing, FellBack }
