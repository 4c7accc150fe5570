using TokenLedger.Contracts;
using TokenLedger.Core.Scaling;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The ledger of a pool that is scaled, told event by event. A replica has 100 tokens/s, 10,000 KV bytes at one per token, and 10 sequences; planning uses 0.8 of it.</summary>
internal sealed class ScalingStory
{
    public static readonly PoolId Pool = new("p");
    private readonly List<RecordedEvent> _history = [];
    private readonly Dictionary<int, RequestAdmitted> _admitted = [];

    public ScalingStory(ScalingRules? rules = null, int replicas = 4, int least = 0, int most = 100, IReadOnlyList<ScheduleHint>? schedule = null, SideRules? sides = null, double lending = 0)
    {
        Record(new PoolOpened(Pool, new("model", replicas, new(100, 10_000, 10), 1, 50, 10, 300, 1_000, new(least, most, 0.8, rules, schedule, sides), Lending: lending)));
        Grant("e", ServiceClass.Elastic);
    }

    public ScalingState State { get; } = new(Pool);
    public DateTimeOffset Now { get; private set; } = PoolScenario.Start;
    public IReadOnlyList<RecordedEvent> History => _history;
    public IEnumerable<(DateTimeOffset At, ScalingDecided Decided)> Decisions => _history.Where(e => e.Data is ScalingDecided).Select(e => (e.Timestamp, (ScalingDecided)e.Data));

    public int Desired => State.Last?.Decided.DesiredReplicas ?? State.Replicas;

    public ScalingStory At(double seconds)
    {
        Now = PoolScenario.Start.AddMicroseconds(Math.Round(seconds * 1_000_000));
        return this;
    }

    public ScalingStory Grant(string name, ServiceClass serviceClass, long tokens = 0, long kv = 0, int sequences = 0, double? from = null, double? to = null)
    {
        Record(new EntitlementGranted(Pool, new(name), Story.Terms(serviceClass, tokens, kv, sequences, from: from, to: to)));
        return from > 0 ? this : Record(new EntitlementStateChanged(Pool, new(name), EntitlementState.Pending, EntitlementState.Bound));
    }

    public ScalingStory Admit(int request, long tokens, string entitlement = "e", long? input = null)
    {
        _admitted[request] = new(Pool, Story.Id(request), new(entitlement), new("tenant"), input ?? tokens / 2, null, null, tokens - (input ?? tokens / 2), new(tokens, tokens, 1), 1, Now.AddHours(1));
        return Record(_admitted[request]);
    }

    public ScalingStory Deny(int request, long tokens, string entitlement = "e", DenialReason reason = DenialReason.PoolExhausted) =>
        Record(new RequestDenied(Pool, Story.Id(request), new(entitlement), new("tenant"), tokens / 2, null, null, tokens, reason, 1_000));

    public ScalingStory Queue(int request, long tokens, string entitlement = "e") =>
        Record(new RequestQueued(Pool, Story.Id(request), new(entitlement), new("tenant"), tokens / 2, null, null, tokens, Now.AddSeconds(10)));

    public ScalingStory Settle(int request, long tokens)
    {
        var e = _admitted[request];
        return Record(new ReservationSettled(Pool, e.Request, e.Entitlement, tokens / 2, tokens - tokens / 2, e.Reserved, default, default, 1));
    }

    /// <summary>A request of so many tokens in the middle of each second, each ending after its hold.</summary>
    public ScalingStory Steady(int seconds, long tokens, int hold = 0, long? used = null, string entitlement = "e", int first = 1_000)
    {
        var begin = (Now - PoolScenario.Start).TotalSeconds;
        for (var second = 0; second < seconds; second++)
        {
            At(begin + second + 0.5).Admit(first + second, tokens, entitlement);
            if (hold > 0 && second >= hold) Settle(first + second - hold, used ?? tokens);
        }
        return At(begin + seconds);
    }

    public ScalingStory Record(ILedgerEvent data)
    {
        var kind = EventCatalogue.Of(data.GetType());
        var recorded = new RecordedEvent(_history.Count + 1, kind.Stream, _history.Count + 1, Guid.Empty, kind.WireName, Now, data);
        _history.Add(recorded);
        State.Evolve(recorded);
        return this;
    }

    /// <summary>Decides, and records what comes of it.</summary>
    public ScalingDecided? Decide(ScalingObservation? seen = null)
    {
        var decided = ScalingDecisions.Decide(State, seen ?? new(), Now);
        if (decided is not null) Record(decided);
        return decided;
    }

    /// <summary>What a signal asks for now, in replicas and parts of them; not a number when it does not answer.</summary>
    public double Need(ScalingSignal signal, ScalingObservation? seen = null) =>
        ScalingDecisions.Signals.Select(ask => ask(ScalingCase.Of(State, seen ?? new(), Now))).FirstOrDefault(claim => claim?.Signal == signal)?.Need ?? double.NaN;
}
