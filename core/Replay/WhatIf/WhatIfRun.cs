using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Replay;

/// <summary>
/// Decides recorded demand again on a pool under other settings. What the outside world did (requests, usage, the clock) comes from the record;
/// what followed from the decisions (who holds what, evictions, limits, debt) is worked out anew. Without changes it gives the record itself.
/// </summary>
/// <param name="world">The pool as it was at the beginning of the window.</param>
public sealed class WhatIfRun(FairnessState world, WhatIfChanges changes, RecordedLives lives, RunMeter meter)
{
    private const int TickMsBeforeOpening = 1_000;
    private readonly PriorityQueue<Planned, (DateTimeOffset At, long Order)> _planned = new();

    /// <summary>Requests that are served here and were not, or not then, in the record: what the record says about them later has no place.</summary>
    private readonly HashSet<RequestId> _ownLives = [];
    private DateTimeOffset _nextTick;
    private long _order;

    private PoolState Pool => world.Pool;

    private int TickMs => Pool.Settings?.TickMs ?? TickMsBeforeOpening;

    /// <summary>Told each decision and its events.</summary>
    public Action<ReplayedDecision>? Decided { get; init; }

    /// <summary>Requests that the record refused and this run admits.</summary>
    public long AdmittedNow { get; private set; }

    /// <summary>Requests that the record admitted and this run refuses.</summary>
    public long RefusedNow { get; private set; }

    /// <summary>Brings the pool under the changed settings.</summary>
    /// <returns>Why the pool cannot have them; null when it can.</returns>
    public Rejected? Begin(DateTimeOffset start)
    {
        foreach (var command in changes.Commands(Pool).ToList())
            if (Carry(command, start).Answer is Rejected rejected) return rejected;
        _nextTick = start.AddMilliseconds(TickMs);
        meter.Begin(Pool, start);
        return null;
    }

    /// <summary>Takes the next recorded decision.</summary>
    /// <exception cref="WhatIfRefusedException">A recorded grant or configuration cannot be under these settings.</exception>
    public void Take(ReplayedDecision recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        RunUntil(recorded.At);
        if (recorded.Command is Admit admit) Admit(admit, recorded);
        else if (recorded.Command is Drain) Drain(recorded);
        else if (IsCalledFor(recorded.Command) && changes.Apply(recorded.Command) is { } command) Follow(command, recorded.At);
        foreach (var evicted in recorded.Events.OfType<ReservationEvicted>()) PlanSurvivor(evicted.Request, recorded.At);
    }

    /// <summary>Carries out what is due up to the end of the window.</summary>
    public RunOutcome End(DateTimeOffset end)
    {
        RunUntil(end);
        return meter.End(Pool, end);
    }

    private void Admit(Admit command, ReplayedDecision recorded)
    {
        // It was admitted at an earlier attempt: its client did not ask again.
        if (_ownLives.Contains(command.Request)) return;
        var wasAdmitted = recorded.Events.Any(e => e is RequestAdmitted);
        var decision = Carry(command, recorded.At);
        if (decision.Answer is not Admitted { Event: var admitted })
        {
            if (decision.Answer is Rejected rejected) meter.TurnAway(command, rejected.Kind, Pool);
            if (wasAdmitted) RefusedNow++;
            return;
        }
        if (wasAdmitted) return;
        AdmittedNow++;
        _ownLives.Add(command.Request);
        if (Pool.Open.ContainsKey(command.Request)) PlanLife(admitted, recorded.At);
    }

    /// <summary>Waits end when the record has one end; here it may be another request's.</summary>
    private void Drain(ReplayedDecision recorded)
    {
        if (Carry(recorded.Command, recorded.At).Answer is not Admitted { Event: var admitted } || recorded.Events.Any(e => e is RequestAdmitted same && same.Request == admitted.Request)) return;
        AdmittedNow++;
        _ownLives.Add(admitted.Request);
        if (Pool.Open.ContainsKey(admitted.Request)) PlanLife(admitted, recorded.At);
    }

    private void Follow(PoolCommand command, DateTimeOffset at)
    {
        if (Carry(command, at).Answer is Rejected rejected && command is (ConfigurePool or GrantEntitlement))
            throw new WhatIfRefusedException($"What was granted or configured at {at:O} cannot be under these settings: {rejected.Detail}");
    }

    /// <summary>What was done to a request that is not open here, or that lives a life of its own here, has no place.</summary>
    private bool IsCalledFor(PoolCommand command) => command switch
    {
        // Usage before its admission is remembered, as in the record.
        Settle { AdmissionRecorded: false } c => !Pool.Open.ContainsKey(c.Request) && !_ownLives.Contains(c.Request),
        Settle c => IsOpen(c.Request),
        Release c => IsOpen(c.Request),
        Renew c => IsOpen(c.Request),
        ReleasePrefill c => IsOpen(c.Request),
        _ => true,
    };

    private bool IsOpen(RequestId request) => Pool.Open.ContainsKey(request) && !_ownLives.Contains(request);

    /// <summary>One that was admitted at a later attempt keeps its recorded duration and usage; one that never was gets the means of its entitlement.</summary>
    private void PlanLife(RequestAdmitted admitted, DateTimeOffset at)
    {
        var end = lives.Of(admitted.Request) switch
        {
            { End: LifeEnd.Settled } life => (life.Duration, Command: (PoolCommand)new Settle(admitted.Request, life.InputTokens, life.OutputTokens, 0, AdmissionRecorded: true)),
            { End: LifeEnd.Released } life => (life.Duration, new Release(admitted.Request, admitted.Entitlement)),
            _ => Typical(admitted.Request, admitted.Entitlement, admitted.InputTokens, admitted.ExpectedOutputTokens),
        };
        Plan(admitted.Request, admitted.Entitlement, end, at);
    }

    /// <summary>One that the record stopped and this run did not goes on as long as its entitlement's requests do.</summary>
    private void PlanSurvivor(RequestId request, DateTimeOffset at)
    {
        if (!Pool.Open.TryGetValue(request, out var open) || !_ownLives.Add(request)) return;
        var (duration, command) = Typical(request, open.Entitlement.Id, open.InputTokens, open.Reserved.Tokens - open.InputTokens);
        var left = open.AdmittedAt + duration - at;
        Plan(request, open.Entitlement.Id, (left > TimeSpan.Zero ? left : TimeSpan.Zero, command), at);
    }

    private (TimeSpan Duration, PoolCommand Command) Typical(RequestId request, EntitlementId entitlement, long input, long expectedOutput) => lives.Typical(entitlement) is { } typical
        ? (typical.Duration, new Settle(request, input, (long)Math.Round(expectedOutput * typical.OutputShare), 0, AdmissionRecorded: true))
        : (TimeSpan.FromSeconds(Pool.Settings!.LeaseSeconds), new Release(request, entitlement));

    private void Plan(RequestId request, EntitlementId entitlement, (TimeSpan Duration, PoolCommand Command) end, DateTimeOffset at) =>
        Plan(new(end.Command, new Renew(request, entitlement), at + end.Duration), at);

    /// <summary>Plans the end, or before it a renewal of the lease that would else run out, as the gateway would send it.</summary>
    private void Plan(Planned planned, DateTimeOffset at)
    {
        var renewal = at.AddSeconds(Pool.Settings!.LeaseSeconds / 2.0);
        _planned.Enqueue(planned, (renewal < planned.At ? renewal : planned.At, ++_order));
    }

    /// <summary>Carries out what is due, in the order of time: ends of own lives and, under changed settings, fairness ticks.</summary>
    private void RunUntil(DateTimeOffset until)
    {
        while (true)
        {
            var due = _planned.TryPeek(out _, out var first) ? first.At : DateTimeOffset.MaxValue;
            if (changes.Any && _nextTick <= until && _nextTick <= due) Tick();
            else if (due <= until) CarryPlanned(due);
            else return;
        }
    }

    private void CarryPlanned(DateTimeOffset at)
    {
        var planned = _planned.Dequeue();
        if (!Pool.Open.ContainsKey(planned.Renewal.Request)) return;
        Carry(at < planned.At ? planned.Renewal : planned.Command, at);
        if (at < planned.At) Plan(planned, at);
    }

    private void Tick()
    {
        var at = _nextTick;
        _nextTick = at.AddMilliseconds(TickMs);
        if (FairnessDecisions.Tick(world, at) is { } adjusted)
            Carry(ApplyLimits.Of(adjusted, Pool.LimitsPosition + 1), at);
    }

    private PoolDecision Carry(PoolCommand command, DateTimeOffset at)
    {
        var decision = PoolDecisions.Decide(Pool, command, at);
        Decided?.Invoke(new(0, at, command, decision.Events));
        foreach (var data in decision.Events)
        {
            world.Evolve(new(world.Position + 1, "", 0, default, "", at, data));
            meter.Take(data, Pool, at);
        }
        return decision;
    }

    private sealed record Planned(PoolCommand Command, Renew Renewal, DateTimeOffset At);
}
