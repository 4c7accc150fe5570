namespace TokenLedger.Contracts.Http;

/// <summary>Answer of <c>GET /v1/pools/{pool}/scaling</c>: the last decision.</summary>
/// <param name="LedgerPosition">Position of the decision.</param>
/// <param name="Fleet">What runs, as the instance that scales sees it; absent where another one does.</param>
public sealed record ScalingView(
    PoolId Pool, long LedgerPosition, DateTimeOffset DecidedAt, int ObservedReplicas, int DesiredReplicas, int PreviousDesiredReplicas, int Recommendation, int MinReplicas, int MaxReplicas,
    ScalingSignal? Binding, ScalingReason Reason, string Detail, IReadOnlyList<SignalAnswer> Signals, ScalingObservation Observation, DesiredSides? Sides = null, FleetView? Fleet = null);

/// <summary>Answer of <c>GET /v1/pools/{pool}/scaling/history</c>: decisions and changes of what runs, oldest first.</summary>
/// <param name="Next">Position to ask after for more; absent at the end.</param>
public sealed record ScalingHistory(PoolId Pool, IReadOnlyList<ScalingStep> Steps, long? Next = null);

/// <summary>A decision, or a change of what runs, which has neither signal nor reason.</summary>
public sealed record ScalingStep(
    long Position, DateTimeOffset At, int Replicas, int? DesiredReplicas = null, int? Recommendation = null, ScalingSignal? Binding = null, ScalingReason? Reason = null, string? Detail = null);
