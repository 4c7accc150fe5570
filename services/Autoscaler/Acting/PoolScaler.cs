using TokenLedger.Autoscaler.Actuators;
using TokenLedger.Autoscaler.Engines;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Scaling;
using TokenLedger.Ledger;

namespace TokenLedger.Autoscaler.Acting;

/// <summary>
/// Scales one pool, round after round: looks at what runs, decides, records, takes what leaves from the capacity, and only then lets the actuator act. Nothing is remembered between two rounds that
/// the ledger or the fleet itself does not tell again, so a start after a crash goes on where the last one stopped.
/// </summary>
internal sealed class PoolScaler(PoolId pool, FleetOptions fleet, IActuator actuator, TargetFinder finder, EngineWatch watch, Actuation actuation, ScalingParts parts, TimeProvider clock, ILogger log)
{
    private FleetStatus? _status;
    private bool _blind;

    public Actuation Actuation => actuation;

    /// <param name="caughtUpAt">When the view of the ledger last was as new as the ledger.</param>
    public async Task RoundAsync(DateTimeOffset caughtUpAt, CancellationToken ct)
    {
        await LookAsync(ct);
        await DecideAsync(caughtUpAt, ct);
        if (parts.Pools.With(pool, state => state.Last is { } last ? (last.Decided.DesiredReplicas, state.Settings!) : default) is not { Item2: { } settings, DesiredReplicas: var desired }) return;
        await ReportAsync(desired, settings, ct);
        actuation.Want(desired, ct);
    }

    private async Task LookAsync(CancellationToken ct)
    {
        try
        {
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(parts.Options.ScrapeTimeoutSeconds), clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
            _status = await actuator.LookAsync(either.Token);
            if (_blind) log.LogInformation("What runs for pool {Pool} is known again.", pool);
            _blind = false;
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is ActuatorException or OperationCanceledException)
        {
            if (!_blind) log.LogWarning("What runs for pool {Pool} is not known; the capacity stays. {Reason}", pool, e is ActuatorException ? e.Message : "Nobody answered in time.");
            (_status, _blind) = (null, true);
        }
        var targets = await finder.FindAsync(ct);
        await watch.LookAsync(targets is null ? _status?.Metrics.Keys.ToList() : [.. targets.Union(_status?.Metrics.Keys ?? [])], fleet.HasTargets, ct);
    }

    private int? Ready => fleet.Source switch
    {
        CapacitySource.Actuator => _status?.Ready,
        CapacitySource.Engines => watch.Answering(clock.GetUtcNow()),
        _ => null,
    };

    private async Task DecideAsync(DateTimeOffset caughtUpAt, CancellationToken ct)
    {
        var now = clock.GetUtcNow().ToLedgerTime();
        if (parts.Pools.Decide(pool, state => Decide(state, caughtUpAt, now)) is not var (decided, version)) return;
        try
        {
            var appended = await parts.Ledger.AppendAsync(Streams.Fleet(pool), version, [new NewEvent(Guid.CreateVersion7(now), now, decided)], ct);
            if (decided.Reason is ScalingReason.SignalsMissing or ScalingReason.FellBack) log.LogWarning("Pool {Pool}: {Detail}", pool, decided.Detail);
            else if (decided.DesiredReplicas != decided.PreviousDesiredReplicas) log.LogInformation("Pool {Pool}: {Detail}", pool, decided.Detail);
            await parts.SeenAsync(appended.FirstPosition, ct);
        }
        catch (VersionConflictException)
        {
            log.LogInformation("Somebody else wrote to the fleet of pool {Pool}; this instance follows and decides again.", pool);
        }
    }

    private ScalingDecided? Decide(ScalingState state, DateTimeOffset caughtUpAt, DateTimeOffset now)
    {
        if (state.Settings is not { } settings) return null;
        var rules = settings.Scaling.Rules ?? new();
        return ScalingDecisions.Decide(state, EngineObservation.Of(watch.Scrapes, Ready, watch.Since, Math.Max(0, (now - caughtUpAt).TotalSeconds), rules.StaleSeconds, now), now);
    }

    /// <summary>What runs becomes the pool's capacity, without what is about to leave: nothing new is admitted for that, and what it runs is honoured until it ends.</summary>
    private async Task ReportAsync(int desired, PoolSettings settings, CancellationToken ct)
    {
        if (Ready is not { } ready) return;
        var replicas = Math.Min(fleet.TakesLeavingFirst ? Math.Min(ready, desired) : ready, settings.Scaling.MaxReplicas);
        var position = await parts.Reports.ReportAsync(pool, replicas, settings.Replicas, $"autoscaler:{Word(fleet.Source)}", ct);
        if (position > 0) await parts.SeenAsync(position, ct);
    }

    /// <summary>What runs, for operators.</summary>
    public FleetView View => new(
        Word(fleet.Actuator), Word(fleet.Source), Ready,
        [.. watch.Targets.Select(target => watch.Find(target, _status is { } status && status.Metrics.TryGetValue(target, out var state) ? state : null)).OfType<ReplicaView>().OrderBy(replica => replica.Address, StringComparer.Ordinal)],
        actuation.Now.Failures, actuation.Now.Failure, actuation.Now.NextTryAt);

    private static string Word<TEnum>(TEnum value) where TEnum : struct, Enum => WordConverter<TEnum>.Word(value);
}
