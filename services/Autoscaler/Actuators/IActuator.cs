using TokenLedger.Contracts.Http;

namespace TokenLedger.Autoscaler.Actuators;

/// <summary>Changes the number of replicas of one pool. Both calls may be repeated at any time, and after any crash: what is as it should be is left alone.</summary>
internal interface IActuator
{
    /// <summary>What runs; null for one that does not know.</summary>
    /// <exception cref="ActuatorException">It cannot be told now.</exception>
    Task<FleetStatus?> LookAsync(CancellationToken ct);

    /// <summary>Brings the fleet nearer to so many replicas. What was running on those that leave is finished first.</summary>
    /// <exception cref="ActuatorException">It was refused, or nobody answered.</exception>
    Task ScaleAsync(int replicas, CancellationToken ct);
}

/// <param name="Ready">Replicas that serve and do not leave.</param>
/// <param name="Metrics">Addresses of the metrics of its engines and what those replicas are doing, where the actuator knows them.</param>
internal sealed record FleetStatus(int Ready, IReadOnlyDictionary<Uri, ReplicaState> Metrics);

/// <summary>Why an actuator could not do what it should, in words that may be shown.</summary>
internal sealed class ActuatorException(string reason, Exception? inner = null) : Exception(reason, inner);

/// <summary>Advises only: somebody else, or nobody, acts.</summary>
internal sealed class NoActuator : IActuator
{
    public Task<FleetStatus?> LookAsync(CancellationToken ct) => Task.FromResult<FleetStatus?>(null);

    public Task ScaleAsync(int replicas, CancellationToken ct) => Task.CompletedTask;
}
