namespace TokenLedger.Cli.Simulation;

/// <summary>
/// Replicas that start, serve, fail and drain. One that starts serves after its start-up time; one that is stopped leaves the pool's capacity first and the engine when what it has is done;
/// one that fails takes its cache with it at once, and the pool hears of it with the next look.
/// </summary>
internal sealed class SimulatedFleet(VirtualClock clock, Scenario scenario, FleetPolicy policy, BatchEngine engine, SimulatedPool pool, RunLog log, Action<int> resize)
{
    private const double LatencyWindowSeconds = 30;
    private readonly FleetPlan _plan = scenario.Fleet!;
    private readonly List<Starting> _starting = [];
    private readonly Queue<(double At, double Seconds)> _firstTokens = new();
    private int _desired = scenario.Pool.Replicas;
    private int _ready = scenario.Pool.Replicas;
    private int _draining;
    private long _prompt;
    private long _generated;

    public void Start()
    {
        foreach (var failure in _plan.Failures ?? []) clock.At(failure.At, () => Fail(failure.Replicas));
        clock.Every(_plan.LookSeconds, Look);
    }

    public void FirstToken(SimulatedRequest request)
    {
        _prompt += request.InputTokens;
        _firstTokens.Enqueue((clock.Seconds, request.FirstTokenAt - request.TriedAt));
    }

    public void Ended(SimulatedRequest request) => _generated += request.OutputTokens;

    private void Look()
    {
        if (pool.State.Replicas != _ready) pool.Report(_ready);
        while (_firstTokens.TryPeek(out var oldest) && oldest.At < clock.Seconds - LatencyWindowSeconds) _firstTokens.Dequeue();
        var capacity = pool.State.Capacity.KvCacheBytes;
        var sight = new FleetSight(
            clock.Now, _desired, _ready, engine.Slots, engine.Running, engine.Waiting, pool.State.Waiting.Count, capacity == 0 ? 0 : Math.Min(1, (double)pool.State.Held.KvCacheBytes / capacity),
            _prompt / _plan.LookSeconds, _generated / _plan.LookSeconds, _firstTokens.Count == 0 ? null : Statistics.Percentile(_firstTokens.Select(token => token.Seconds), 0.95));
        (_prompt, _generated) = (0, 0);
        _desired = Math.Clamp(policy.Decide(sight, pool.Append), 0, scenario.Pool.Scaling.MaxReplicas);
        Follow();
        log.Fleet.Add(new(clock.Seconds, _desired, _ready, _ready + _starting.Count + _draining));
    }

    private void Follow()
    {
        while (_ready + _starting.Count < _desired) Begin();
        // Whoever has not started yet costs nobody anything.
        while (_ready + _starting.Count > _desired && _starting.Count > 0) _starting.RemoveAt(_starting.Count - 1);
        if (_ready > _desired) Drain(_ready - _desired);
    }

    private void Begin()
    {
        var starting = new Starting();
        _starting.Add(starting);
        clock.After(_plan.StartUpSeconds, () =>
        {
            if (!_starting.Remove(starting)) return;
            _ready++;
            resize(_ready + _draining);
            pool.Report(_ready);
        });
    }

    /// <summary>Taken from capacity first, so that nothing new comes; the slots stay while they are in use.</summary>
    private void Drain(int replicas)
    {
        _ready -= replicas;
        _draining += replicas;
        pool.Report(_ready);
        var until = clock.Seconds + _plan.DrainSeconds;
        for (var i = 0; i < replicas; i++) End();

        void End()
        {
            if (_draining == 0) return;
            if (clock.Seconds < until && engine.Running + engine.Waiting > (_ready + _draining - 1) * scenario.Pool.PerReplica.Sequences)
            {
                clock.After(1, End);
                return;
            }
            _draining--;
            resize(_ready + _draining);
        }
    }

    private void Fail(int replicas)
    {
        _ready = Math.Max(0, _ready - replicas);
        resize(_ready + _draining);
    }

    private sealed class Starting;
}
