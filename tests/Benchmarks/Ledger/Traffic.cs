using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Benchmarks;

/// <summary>An event on its way into a stream.</summary>
internal readonly record struct Fact(string Stream, NewEvent Event);

/// <summary>
/// A pool under steady load: every request is admitted, reports its usage and settles, a fixed number being open at any time. The core decides all of it,
/// so that a replay finds nothing to object to. The same seed gives the same traffic.
/// </summary>
internal sealed class Traffic
{
    private static readonly TimeSpan s_step = TimeSpan.FromMicroseconds(100);
    private readonly Queue<RequestAdmitted> _open = new();
    private readonly Random _random;
    private readonly PoolState _state;
    private readonly int _openReservations;
    private readonly int _eventsPerBook;
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _position;
    private long _book;

    /// <param name="eventsPerBook">The pool's books are closed after so many of its events; 0 for never.</param>
    public Traffic(PoolId pool, int entitlements, int openReservations, int eventsPerBook = 0, int seed = 1)
    {
        (Pool, _state, _openReservations, _eventsPerBook, _random) = (pool, new(pool), openReservations, eventsPerBook, new(seed));
        Entitlements = [.. Enumerable.Range(0, entitlements).Select(i => new EntitlementId($"entitlement-{i}"))];
    }

    public PoolId Pool { get; }

    public IReadOnlyList<EntitlementId> Entitlements { get; }

    /// <summary>The pool, its entitlements and the reservations that are open from then on.</summary>
    public IEnumerable<Fact> Opening()
    {
        // Nothing is refused: half of the capacity is for the guaranteed half of the entitlements, the rest for the others.
        var huge = new Capacity(100_000_000_000, 1L << 58, 100_000_000);
        var floor = new Capacity(huge.TokensPerSecond / Entitlements.Count, huge.KvCacheBytes / Entitlements.Count, huge.Sequences / Entitlements.Count);
        foreach (var fact in Decide(new ConfigurePool(new("llama-3.1-70b-instruct", 1, huge, 131_072, 1_024, 10, 86_400, 1_000, new(1, 1, 0.8))))) yield return fact;
        foreach (var (i, entitlement) in Entitlements.Index())
        {
            var (kind, baseline) = i % 2 == 0 ? (ServiceClass.Guaranteed, floor) : (ServiceClass.Spot, default);
            foreach (var fact in Decide(new GrantEntitlement(entitlement, new(new($"tenant-{i}"), kind, 500, baseline, null, null))))
                yield return fact;
        }
        while (_open.Count < _openReservations)
            foreach (var fact in Admit()) yield return fact;
    }

    /// <summary>For ever: a request that is admitted, and the usage and settlement of the oldest open one.</summary>
    public IEnumerable<Fact> Flow()
    {
        while (true)
        {
            foreach (var fact in Admit()) yield return fact;
            var ending = _open.Dequeue();
            yield return Usage(ending);
            foreach (var fact in Decide(new Settle(ending.Request, ending.InputTokens, ending.ExpectedOutputTokens / 2, _position, AdmissionRecorded: true, ending.Entitlement))) yield return fact;
            if (_eventsPerBook == 0 || _state.Version - _book < _eventsPerBook) continue;
            foreach (var fact in CloseBooks()) yield return fact;
        }
    }

    /// <summary>The flow without the usage, as one stream's writer sees it.</summary>
    public IEnumerable<NewEvent> PoolFlow() => Flow().Where(fact => fact.Stream == Streams.Pool(Pool)).Select(fact => fact.Event);

    public IEnumerable<NewEvent> UsageFlow() => Flow().Where(fact => fact.Stream == Streams.Usage(Pool)).Select(fact => fact.Event);

    public IEnumerable<Fact> CloseBooks()
    {
        _book = _state.Version;
        foreach (var fact in Decide(new CloseBooks())) yield return fact;
    }

    private IEnumerable<Fact> Admit()
    {
        var entitlement = Entitlements[_random.Next(Entitlements.Count)];
        foreach (var fact in Decide(new Admit(NewRequest(), entitlement, _random.Next(50, 4_000), _random.Next(20, 800), "chat")))
        {
            _open.Enqueue((RequestAdmitted)fact.Event.Data);
            yield return fact;
        }
    }

    private List<Fact> Decide(PoolCommand command)
    {
        _now += s_step;
        var decision = PoolDecisions.Decide(_state, command, _now);
        if (decision.Events.Count == 0 || decision.Answer is Denied) throw new InvalidOperationException($"The traffic's own pool answered {decision.Answer} to {command}.");
        var facts = new List<Fact>(decision.Events.Count);
        foreach (var data in decision.Events)
        {
            PoolEvolution.Evolve(_state, data, _now);
            facts.Add(Recorded(Streams.Pool(Pool), Identify(data)));
        }
        return facts;
    }

    private Fact Usage(RequestAdmitted e) => Recorded(Streams.Usage(Pool), new(
        EventIds.Usage("gateway", e.Request.ToString()), _now,
        new TokensConsumed(
            "gateway", e.Request.ToString(), e.Request, Pool, e.Entitlement, e.Tenant, "llama-3.1-70b-instruct", ServiceClass.Guaranteed, Admitted: true, e.InputTokens, 0,
            e.ExpectedOutputTokens / 2, 0, Outcome.Completed, _now - TimeSpan.FromSeconds(2), _now - TimeSpan.FromSeconds(1), _now),
        e.Request.ToString()));

    private Fact Recorded(string stream, NewEvent recorded)
    {
        _position++;
        return new(stream, recorded);
    }

    // As the admission service identifies them: an admission by its request, the rest by time.
    private NewEvent Identify(ILedgerEvent data) => data switch
    {
        RequestAdmitted e => new(EventIds.Admission(Pool, e.Request), _now, e, e.Request.ToString()),
        ReservationSettled e => new(Guid.CreateVersion7(_now), _now, e, e.Request.ToString()),
        _ => new(Guid.CreateVersion7(_now), _now, data),
    };

    private RequestId NewRequest()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        return new(new Guid(bytes));
    }
}
