using TokenLedger.Contracts;

namespace TokenLedger.Cli.Simulation;

/// <summary>How the replicas of a pool come and go.</summary>
/// <param name="Policy">Makes the one who decides how many there should be.</param>
/// <param name="StartUpSeconds">From the decision to a replica that serves.</param>
/// <param name="Failures">Replicas that are lost without notice.</param>
internal sealed record FleetPlan(Func<FleetPolicy> Policy, double StartUpSeconds, IReadOnlyList<ReplicaFailure>? Failures = null)
{
    /// <summary>Time between two looks at the fleet, and from a failure until it is noticed.</summary>
    public double LookSeconds { get; init; } = 5;

    /// <summary>A replica that is stopped ends what it has, for so long at the most.</summary>
    public double DrainSeconds { get; init; } = 60;
}

internal sealed record ReplicaFailure(double At, int Replicas);

/// <summary>Decides how many replicas there should be.</summary>
internal abstract class FleetPolicy
{
    /// <summary>An event of the ledger, for those who read it.</summary>
    public virtual void See(RecordedEvent recorded) { }

    /// <summary>The replicas there should be from now on.</summary>
    /// <param name="append">Records an event of the fleet.</param>
    public abstract int Decide(FleetSight sight, Action<ILedgerEvent> append);
}

/// <summary>What can be seen of a fleet from outside.</summary>
/// <param name="Desired">What was last asked for.</param>
/// <param name="Waiting">At the engines.</param>
/// <param name="WaitingForAdmission">At the door.</param>
/// <param name="KvCacheUsage">Part of the KV cache in use.</param>
/// <param name="FirstTokenSeconds">P95 of the time to first token of the last half minute; null without any.</param>
internal sealed record FleetSight(
    DateTimeOffset At, int Desired, int Ready, int Slots, int Running, int Waiting, int WaitingForAdmission, double KvCacheUsage, double PromptTokensPerSecond, double GenerationTokensPerSecond,
    double? FirstTokenSeconds);

/// <summary>The fleet at a look.</summary>
/// <param name="Paid">Replicas that cost: those that serve, start or drain.</param>
internal readonly record struct FleetSample(double At, int Desired, int Ready, int Paid);
