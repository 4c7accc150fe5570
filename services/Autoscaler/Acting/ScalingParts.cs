using Microsoft.Extensions.Options;
using TokenLedger.Autoscaler.Actuators;
using TokenLedger.Autoscaler.Engines;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Autoscaler.Acting;

/// <summary>What the scaling of every pool needs, and how it is put together for one.</summary>
internal sealed class ScalingParts(
    FleetPools pools, CapacityReports reports, ILedger ledger, EngineScraper scraper, KubernetesApi kubernetes, ProcessFleets processes, AutoscalerMeters meters,
    [FromKeyedServices(FleetPools.FollowerName)] LedgerFollower follower, IOptions<AutoscalerOptions> options, TimeProvider clock, ILoggerFactory loggers)
{
    private static readonly FleetOptions s_advised = new();
    private readonly ILogger _log = loggers.CreateLogger("TokenLedger.Autoscaler");

    public FleetPools Pools => pools;
    public CapacityReports Reports => reports;
    public ILedger Ledger => ledger;
    public AutoscalerOptions Options => options.Value;

    public static FleetOptions FleetOf(AutoscalerOptions options, PoolId pool) => options.Pools.GetValueOrDefault(pool.Value, s_advised);

    /// <summary>Returns when the view has taken in what was appended, so that what follows sees it.</summary>
    public Task SeenAsync(long position, CancellationToken ct) => follower.WaitForAsync(position, ct);

    public PoolScaler For(PoolId pool)
    {
        var fleet = FleetOf(Options, pool);
        IActuator actuator = fleet.Actuator switch
        {
            ActuatorKind.None => new NoActuator(),
            ActuatorKind.Kubernetes => new KubernetesActuator(kubernetes, fleet.Deployment!),
            ActuatorKind.Processes => processes.Of(pool, fleet.Processes),
            var other => throw new System.Diagnostics.UnreachableException(other.ToString()),
        };
        return new(
            pool, fleet, actuator, new TargetFinder(pool, fleet, Options, kubernetes, _log), new EngineWatch(pool, Options, scraper, meters, clock, _log),
            new Actuation(pool, actuator, Options, clock, _log), this, clock, _log);
    }
}
