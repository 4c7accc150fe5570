using System.Diagnostics.Metrics;
using TokenLedger.Contracts;

namespace TokenLedger.Autoscaler;

/// <summary>What is decided and seen, as measurements. Labels are pools and signals.</summary>
internal sealed class AutoscalerMeters
{
    private readonly Meter _meter;
    private readonly Counter<long> _unanswered;
    private readonly Counter<long> _malformed;

    public AutoscalerMeters(IMeterFactory factory, FleetPools pools)
    {
        _meter = factory.Create("tokenledger.autoscaler");
        _unanswered = _meter.CreateCounter<long>("tokenledger.autoscaler.unanswered", "{scrape}", "Times that an engine did not say how it is.");
        _malformed = _meter.CreateCounter<long>("tokenledger.autoscaler.malformed", "{line}", "Lines of engines' metrics that could not be read.");
        _meter.CreateObservableGauge("tokenledger.autoscaler.desired", () => Each(pools, e => e.DesiredReplicas), "{replica}", "Replicas that should run.");
        _meter.CreateObservableGauge("tokenledger.autoscaler.observed", () => Each(pools, e => e.ObservedReplicas), "{replica}", "Replicas that were known to run when it was decided.");
        _meter.CreateObservableGauge("tokenledger.autoscaler.missing", () => Each(pools, Missing), "{state}", "1 while signals are missing and the fleet is held, 2 since it fell back.");
        _meter.CreateObservableGauge("tokenledger.autoscaler.signal", () => Signals(pools), "{replica}", "Replicas that each signal asks for.");
    }

    public void Unanswered(PoolId pool) => _unanswered.Add(1, Label(pool));

    public void Malformed(PoolId pool, int lines) => _malformed.Add(lines, Label(pool));

    /// <summary>What only the instance that acts knows.</summary>
    public void Track(Func<bool> acts, Func<IEnumerable<(PoolId Pool, int Failures)>> failures)
    {
        _meter.CreateObservableGauge("tokenledger.autoscaler.acting", () => acts() ? 1 : 0, "{instance}", "1 for the instance that scales, 0 for one that stands by.");
        _meter.CreateObservableGauge("tokenledger.autoscaler.actuator_failures", () => failures().Select(pool => new Measurement<int>(pool.Failures, Label(pool.Pool))), "{attempt}", "Attempts to change a fleet that failed in a row.");
    }

    private static int Missing(ScalingDecided e) => e.Reason switch { ScalingReason.SignalsMissing => 1, ScalingReason.FellBack => 2, _ => 0 };

    private static IEnumerable<Measurement<int>> Each(FleetPools pools, Func<ScalingDecided, int> of) =>
        from pool in pools.Pools
        let last = pools.LastOf(pool)
        where last is not null
        select new Measurement<int>(of(last), Label(pool));

    private static IEnumerable<Measurement<int>> Signals(FleetPools pools) =>
        from pool in pools.Pools
        let last = pools.LastOf(pool)
        where last is not null
        from signal in last.Signals
        select new Measurement<int>(signal.DesiredReplicas, Label(pool), new("signal", WordConverter<ScalingSignal>.Word(signal.Signal)));

    private static KeyValuePair<string, object?> Label(PoolId pool) => new("pool", pool.Value);
}
