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

    public FairnessState Fairness { get; } = new(PoolScenario.Pool);
    public PoolState Pool { get; } = new(PoolScenario.Pool);
    public DateTimeOffset Now { get; private set; } = PoolScenario.Start;

    /// <summary>Told every tick that was published.</summary>
    public Action<LimitsAdjusted>? Adjusted { get; set; }

    public IEnumerable<FairnessShare> Shares => Fairness.Latest;

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
        if (FairnessDecisions.Tick(Fairness, Now) is not { } adjusted) return;
        See(adjusted);
        Adjusted?.Invoke(adjusted);
        Take(ApplyLimits.Of(adjusted, _position));
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

    private void See(ILedgerEvent data) =>
        Fairness.Evolve(new(++_position, "any", _position, Guid.Empty, EventCatalogue.Of(data.GetType()).WireName, Now, data));

    private sealed class Tenant
    {
        public int Wants { get; set; }
        public long Tokens { get; set; }
        public long Served { get; set; }
        public Queue<(RequestId Request, DateTimeOffset At)> Waiting { get; } = new();
    }
}
