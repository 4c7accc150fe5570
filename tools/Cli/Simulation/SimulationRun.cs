using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Cli.Simulation;

/// <summary>One run of a scenario: tenants, admission, fairness and engine under one virtual clock. The same scenario and seed give the same result to the bit.</summary>
internal sealed class SimulationRun
{
    private const double SweepSeconds = 1;
    private readonly VirtualClock _clock = new();
    private readonly Scenario _scenario;
    private readonly BatchEngine _engine;
    private readonly SimulatedPool _pool;
    private readonly TenantLoad[] _loads;
    private readonly Dictionary<RequestId, SimulatedRequest> _known = [];
    private readonly Dictionary<EntitlementId, int> _tenants;
    private readonly double[] _ended;
    private readonly RunLog _log;
    private readonly SimulatedFleet? _fleet;

    private SimulationRun(Scenario scenario, int seed)
    {
        _scenario = scenario;
        _log = new(scenario, seed);
        _ended = new double[scenario.Tenants.Count];
        _tenants = scenario.Tenants.Index().ToDictionary(t => t.Item.Entitlement, t => t.Index);
        _engine = new(_clock, FirstToken, Ended);
        _loads = [.. scenario.Tenants.Select((tenant, index) => new TenantLoad(_clock, index, tenant, seed, Send))];
        var policy = scenario.Fleet?.Policy();
        _pool = new(_clock, scenario.Pool, scenario.Tenants, Happened, policy is null ? null : policy.See);
        if (policy is not null) _fleet = new(_clock, scenario, policy, _engine, _pool, _log, Resize);
    }

    public static RunLog Play(Scenario scenario, int seed) => new SimulationRun(scenario, seed).Play();

    private RunLog Play()
    {
        var settings = _scenario.Pool;
        Resize(settings.Replicas);
        foreach (var step in _scenario.Capacity ?? [])
            _clock.At(step.At, () =>
            {
                Resize(step.Replicas);
                _pool.Report(step.Replicas);
            });
        foreach (var load in _loads) load.Start();
        _fleet?.Start();
        _clock.Every(SweepSeconds, () => _pool.Take(new Sweep()));
        _clock.Every(settings.TickMs / 1000.0, _pool.Tick);
        Sample();
        _clock.Every(_scenario.SampleSeconds, Sample);
        _clock.RunUntil(_scenario.Seconds);
        _log.Close(_pool.State.Account, _engine.WastedTokens);
        return _log;
    }

    private void Resize(int replicas) =>
        _engine.Resize(replicas * _scenario.Pool.PerReplica.Sequences, (double)replicas * _scenario.Pool.PerReplica.TokensPerSecond);

    private void Send(SimulatedRequest request)
    {
        if (request.Attempts++ == 0) _log.Asked(request);
        (request.TriedAt, request.Fate) = (_clock.Seconds, Fate.Trying);
        _known[request.Id] = request;
        _pool.Take(new Admit(request.Id, _scenario.Tenants[request.Tenant].Entitlement, request.InputTokens, request.DeclaredOutputTokens, Workload: null, _scenario.Tenants[request.Tenant].WaitMs));
    }

    private void Happened(ILedgerEvent data)
    {
        switch (data)
        {
            case RequestAdmitted e: Admitted(_known[e.Request]); break;
            case RequestQueued e: _known[e.Request].Fate = Fate.Waiting; break;
            case RequestDenied e: Refused(_known[e.Request], e); break;
            case ReservationEvicted e: Stop(_known[e.Request], Fate.Evicted); break;
            case ReservationExpired e: Stop(_known[e.Request], Fate.Expired); break;
        }
    }

    private void Admitted(SimulatedRequest request)
    {
        (request.AdmittedAt, request.Fate) = (_clock.Seconds, Fate.Admitted);
        _log.Admitted(request.Tenant);
        _engine.Add(request.Sequence = new(request));
    }

    private void Refused(SimulatedRequest request, RequestDenied denied)
    {
        _known.Remove(request.Id);
        _log.Refused(new(_clock.Seconds, request.Tenant, denied.Reason, denied.RetryAfterMs));
        _loads[request.Tenant].Refused(request, denied.RetryAfterMs);
        if (request.Fate == Fate.GivenUp) _log.Done(request.Tenant);
    }

    private void FirstToken(Sequence sequence)
    {
        sequence.Request.FirstTokenAt = _clock.Seconds;
        _fleet?.FirstToken(sequence.Request);
        _pool.Take(new ReleasePrefill(sequence.Request.Id, _scenario.Tenants[sequence.Request.Tenant].Entitlement));
    }

    private void Ended(Sequence sequence)
    {
        var request = sequence.Request;
        End(request, Fate.Served);
        _fleet?.Ended(request);
        _pool.Take(new Settle(request.Id, request.InputTokens, request.OutputTokens, UsagePosition: 0, AdmissionRecorded: true));
        _loads[request.Tenant].Ended(request);
    }

    private void Stop(SimulatedRequest request, Fate fate)
    {
        _engine.Abort(request.Sequence!);
        End(request, fate);
        _loads[request.Tenant].Ended(request);
    }

    private void End(SimulatedRequest request, Fate fate)
    {
        (request.EndedAt, request.Fate) = (_clock.Seconds, fate);
        _ended[request.Tenant] += _engine.Served(request.Sequence!);
        _log.Done(request.Tenant);
        _known.Remove(request.Id);
    }

    private void Sample()
    {
        var tenants = new TenantSample[_ended.Length];
        for (var i = 0; i < tenants.Length; i++) tenants[i] = _log.CountsOf(i) with { ReceivedTokens = _ended[i] };
        foreach (var request in _known.Values)
        {
            var at = tenants[request.Tenant];
            if (request.Sequence is { } sequence) at = at with { ReceivedTokens = at.ReceivedTokens + _engine.Served(sequence) };
            tenants[request.Tenant] = request.Fate == Fate.Waiting ? at with { Waiting = at.Waiting + 1 } : at;
        }
        var shares = _pool.Shares.ToDictionary(share => share.Entitlement, share => share.OwedTokens);
        foreach (var (id, index) in _tenants)
        {
            var entitlement = _pool.State.Entitlements[id];
            tenants[index] = tenants[index] with
            {
                Held = entitlement.Held.Sequences,
                Debt = entitlement.Debt,
                Weight = entitlement.Weight,
                Limits = entitlement.Limits,
                OwedTokens = shares.GetValueOrDefault(id),
            };
        }
        _log.Add(new(_clock.Seconds, _engine.Running, _engine.Waiting, _engine.Slots, tenants));
    }
}
