namespace TokenLedger.Contracts.Http;

/// <summary>What runs for a pool, as the instance that scales sees it now; not in the ledger.</summary>
/// <param name="Actuator">Who changes the number of replicas: <c>none</c>, <c>kubernetes</c> or <c>processes</c>.</param>
/// <param name="CapacityFrom">Who says what runs: <c>reports</c>, <c>engines</c> or <c>actuator</c>.</param>
/// <param name="Ready">Replicas that serve; absent while that is not known.</param>
/// <param name="Failures">Attempts of the actuator that failed in a row.</param>
/// <param name="Failure">What the last of them met with.</param>
/// <param name="NextTryAt">No attempt is made before.</param>
public sealed record FleetView(string Actuator, string CapacityFrom, int? Ready, IReadOnlyList<ReplicaView> Replicas, int Failures, string? Failure = null, DateTimeOffset? NextTryAt = null);

/// <summary>A replica whose engine is watched.</summary>
/// <param name="AnsweredAt">When it last said how it is.</param>
/// <param name="Failure">Why it does not; absent while it does.</param>
public sealed record ReplicaView(string Address, ReplicaState State, int? Running = null, int? Waiting = null, DateTimeOffset? AnsweredAt = null, string? Failure = null);

/// <summary>What a replica is doing.</summary>
public enum ReplicaState { Starting, Serving, Draining, Lost }

/// <summary>Answer of <c>GET /v1/pools/{pool}/scaling/metric</c>, for KEDA's metrics-api scaler.</summary>
public sealed record ScalingMetric(int Value);
