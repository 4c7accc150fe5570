using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using TokenLedger.Core.Pools;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>
/// Tenants who always want more than there is, on a pool that is divided each second: requests take their tokens at 15 tokens/s, and whoever is refused tries again after half a second.
/// </summary>
internal sealed class FairPlay
{
    public const double TokensPerSecond = 15;
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(100);
    private readonly Dictionary<EntitlementId, Tenant> _tenants = [];
    private readonly PriorityQueue<RequestId, DateTimeOffset> _ends = new();
    private long _position;
    private int _next;

    private readonly List<RecordedEvent> _history = [];

    /// <summary>The instances of Fairness: all tick at once, and one of them in turns is the first to append.</summary>
    public List<FairnessState> Instances { get; } = [new(PoolScenario.Pool)];

    public FairnessState Fairness => Instances[0];

    /// <summary>The pool's stream.</summary>
    public IEnumerable<RecordedEvent> History => _history.Where(e => e.Data is not LimitsAdjusted);

    /// <summary>All events, those of the fairness stream among them, after a position.</summary>
    public IEnumerable<RecordedEvent> Since(long position) => _history.Skip((int)position);

    /// <summary>What ticks published.</summary>
    public IEnumerable<LimitsAdjusted> Ticks => _history.Select(e => e.Data).OfType<LimitsAdjusted>();

    /// <summary>False while no instance of Fairness runs.</summary>
    public bool Ticking { get; set; } = true;
    public PoolState Pool { get; } = new(PoolScenario.Pool);
    public DateTimeOffset Now { get; private set; } = PoolScenario.Start;

    /// <param name="waiting">How many requests it wants to have waiting beside those that run; 0 for a tenant that has gone quiet.</param>
    public void Want(string tenant, int waiting, long tokens = 90)
    {
        if (!_tenants.TryGetValue(new(tenant), out var known)) _tenants[new(tenant)] = known = new();
        (known.Wants, known.Tokens) = (waiting, tokens);
    }

    public long Served(string tenant) => _tenants[new(tenant)].Served;

    public int Held(string tenant) => Pool.Entitlements[new(tenant)].Held.Sequences;

    public FairnessShare Share(string tenant) => Fairness.Latest.Single(share => share.Entitlement.Value == tenant);

    public double SecondsOwed(string tenant) => Owed.Seconds(Share(tenant).OwedTokens, Pool.Entitlements[new(tenant)].Terms.Baseline.TokensPerSecond);

    public PoolAnswer Take(PoolCommand command)
    {
        var decision = PoolDecisions.Decide(Pool, command, Now);
        foreach (var data in decision.Events)
        {
            PoolEvolution.Evolve(Pool, data, Now);
            See(data);
        }
        return decision.Answer;
    }

    /// <summary>Runs for so many seconds, with a look after each.</summary>
    public void Run(int seconds, Action<FairPlay>? each = null)
    {
        for (var second = 0; second < seconds; second++)
        {
            for (var step = 0; step < 10; step++) Step();
            Tick();
            each?.Invoke(this);
        }
    }

    private void Tick()
    {
        if (!Ticking) return;
        var first = Instances[(int)(Now.ToUnixTimeSeconds() % Instances.Count)];
        var recorded = FairnessDecisions.Tick(first, Now);
        foreach (var other in Instances.Where(other => other != first))
            if (FairnessDecisions.Tick(other, Now) is { } lost && recorded is not null) other.Lost(lost);
        if (recorded is null) return;
        See(recorded);
        Take(ApplyLimits.Of(recorded, _position));
    }

    private void Step()
    {
        Now += s_step;
        while (_ends.TryPeek(out var request, out var at) && at <= Now)
        {
            _ends.Dequeue();
            var open = Pool.Open[request];
            Take(new Settle(request, open.Reserved.Tokens, 0, 1, AdmissionRecorded: true));
            _tenants[open.Entitlement.Id].Served += open.Reserved.Tokens;
        }
        // Turns alternate, so that nobody is always first at a place that has become free.
        foreach (var (id, tenant) in _tenants.Index().OrderBy(t => (t.Index + _next) % _tenants.Count).Select(t => t.Item))
        {
            while (tenant.Waiting.Count < tenant.Wants) tenant.Waiting.Enqueue((Story.Id(++_next), Now));
            for (var tries = tenant.Waiting.Count; tries > 0 && tenant.Waiting.Peek().At <= Now; tries--)
            {
                var (request, _) = tenant.Waiting.Dequeue();
                if (Take(new Admit(request, id, tenant.Tokens, 0, null)) is Admitted) _ends.Enqueue(request, Now.AddSeconds(tenant.Tokens / TokensPerSecond));
                else if (tenant.Wants > 0) tenant.Waiting.Enqueue((request, Now.AddMilliseconds(500)));
            }
        }
        _next++;
    }

    private void See(ILedgerEvent data)
    {
        var recorded = new RecordedEvent(++_position, "any", _position, Guid.Empty, EventCatalogue.Of(data.GetType()).WireName, Now, data);
        _history.Add(recorded);
        foreach (var instance in Instances) instance.Evolve(recorded);
    }

    private sealed class Tenant
    {
        public int Wants { get; set; }
        public long Tokens { get; set; }
        public long Served { get; set; }
        public Queue<(RequestId Request, DateTimeOffset At)> Waiting { get; } = new();
    }
}
