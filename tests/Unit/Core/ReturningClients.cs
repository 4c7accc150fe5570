using TokenLedger.Core.Pools;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>Clients of one pool in virtual time who come back exactly when they are told to, with the same id.</summary>
internal sealed class ReturningClients(int seed, params PoolCommand[] beginning)
{
    private readonly Random _random = new(seed);
    private readonly PriorityQueue<Action, (DateTimeOffset At, int Order)> _agenda = new();
    private readonly PoolState _pool = new(PoolScenario.Pool);
    private DateTimeOffset _now = PoolScenario.Start;
    private long _busyTicks;
    private int _requests;
    private int _planned;

    public int Returns { get; private set; }
    public int AdmittedOnReturn { get; private set; }
    public long ShortestWaitMs { get; private set; } = long.MaxValue;

    public double ShareAdmitted => (double)AdmittedOnReturn / Returns;

    /// <summary>Mean number of sequences held.</summary>
    public double MeanHeld => _busyTicks / (double)(_now - PoolScenario.Start).Ticks;

    /// <summary>How long a request holds its sequence, in seconds.</summary>
    public required Func<Random, double> Hold { get; init; }

    /// <summary>Input tokens of a request.</summary>
    public Func<Random, long> Tokens { get; init; } = _ => 10;

    /// <summary>Clients that ask again as soon as their request has ended.</summary>
    public ReturningClients Closed(int clients, string entitlement)
    {
        for (var i = 0; i < clients; i++) In(_random.NextDouble(), Next);
        return this;

        void Next() => Ask(NewRequest(entitlement), Next, isBack: false);
    }

    /// <summary>Clients that come one after the other, at random, whatever becomes of those before.</summary>
    public ReturningClients Open(double perSecond, string entitlement)
    {
        In(0, Come);
        return this;

        void Come()
        {
            Ask(NewRequest(entitlement), () => { }, isBack: false);
            In(Exponential(_random) / perSecond, Come);
        }
    }

    public static double Exponential(Random random) => -Math.Log(1 - random.NextDouble());

    public ReturningClients Run(double seconds)
    {
        foreach (var command in beginning) Decide(command);
        while (_agenda.TryDequeue(out var action, out var at) && at.At <= PoolScenario.Start.AddSeconds(seconds))
        {
            _busyTicks += (at.At - _now).Ticks * _pool.Held.Sequences;
            _now = at.At;
            action();
        }
        return this;
    }

    private Admit NewRequest(string entitlement) => Story.Admit(++_requests, entitlement, Tokens(_random));

    private void Ask(Admit request, Action then, bool isBack)
    {
        var answer = Decide(request);
        if (isBack) Returns++;
        if (isBack && answer is Admitted) AdmittedOnReturn++;
        if (answer is Denied { Event.RetryAfterMs: var wait })
        {
            ShortestWaitMs = Math.Min(ShortestWaitMs, wait);
            In(wait / 1000.0, () => Ask(request, then, isBack: true));
        }
        else
            In(Hold(_random), () =>
            {
                Decide(new Settle(request.Request, request.InputTokens, 0, 1, AdmissionRecorded: true));
                then();
            });
    }

    private void In(double seconds, Action action) => _agenda.Enqueue(action, (_now.AddMicroseconds(Math.Round(seconds * 1_000_000)), ++_planned));

    private PoolAnswer Decide(PoolCommand command)
    {
        var decision = PoolDecisions.Decide(_pool, command, _now);
        foreach (var data in decision.Events) PoolEvolution.Evolve(_pool, data, _now);
        return decision.Answer;
    }
}
