using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>A request that waits for capacity.</summary>
/// <param name="Ask">What was asked, and what is decided again when there may be room.</param>
/// <param name="Tokens">What it was reckoned to cost when it came.</param>
/// <param name="Arrival">Rises from request to request of a pool.</param>
public sealed record WaitingRequest(Admit Ask, Entitlement Entitlement, long Tokens, DateTimeOffset Since, DateTimeOffset Until, long Arrival)
{
    public RequestId Request => Ask.Request;

    /// <summary>Its place in the pool's order; see <see cref="WaitingOrder"/>.</summary>
    internal (long Key, double Arrival) Rank { get; set; }
}

/// <summary>The requests of a pool that wait, in the order they came and in the order they go.</summary>
public sealed class WaitingRoom
{
    private readonly Dictionary<RequestId, WaitingRequest> _requests = [];
    private readonly List<WaitingRequest> _inOrder = [];
    private readonly int[] _turns = new int[3];
    private bool _sorted = true;
    private QueueOrder _order;
    private long _arrivals;

    public int Count => _requests.Count;

    /// <summary>The next turn of the weighted cycle.</summary>
    public int Turn { get; private set; }

    public IEnumerable<WaitingRequest> ByArrival => _requests.Values.OrderBy(waiting => waiting.Arrival);

    public WaitingRequest? Find(RequestId request) => Count == 0 ? null : _requests.GetValueOrDefault(request);

    /// <summary>Who goes first comes first.</summary>
    public IReadOnlyList<WaitingRequest> InOrder(QueueOrder order)
    {
        if (_sorted && order == _order) return _inOrder;
        (_sorted, _order) = (true, order);
        Array.Fill(_turns, Turn);
        if (order == QueueOrder.WeightedCycle) _inOrder.Sort((a, b) => a.Arrival.CompareTo(b.Arrival));
        foreach (var waiting in _inOrder) waiting.Rank = (Key(waiting.Entitlement, waiting.Tokens, waiting.Since, take: true), waiting.Arrival);
        _inOrder.Sort((a, b) => a.Rank.CompareTo(b.Rank));
        return _inOrder;
    }

    /// <summary>The place that a request would have which asks since then, behind all that came no later.</summary>
    internal (long Key, double Arrival) RankOf(QueueOrder order, Entitlement entitlement, long tokens, DateTimeOffset since)
    {
        InOrder(order);
        var before = 0L;
        foreach (var waiting in _inOrder)
            if (waiting.Since <= since) before = Math.Max(before, waiting.Arrival);
        return (Key(entitlement, tokens, since, take: false), before + 0.5);
    }

    private long Key(Entitlement entitlement, long tokens, DateTimeOffset since, bool take)
    {
        var serviceClass = entitlement.Terms.ServiceClass;
        if (_order != QueueOrder.WeightedCycle) return WaitingOrder.KeyOf(_order, serviceClass, entitlement.Weight, tokens, since);
        // The requests of a tier take its turns in the order they came.
        var tier = WaitingOrder.TierOf(serviceClass);
        var turn = WaitingOrder.NextTurn(tier, _turns[tier]);
        if (take) _turns[tier] = turn + 1;
        return turn;
    }

    internal void Add(Admit ask, Entitlement entitlement, long tokens, DateTimeOffset since, DateTimeOffset until)
    {
        var waiting = new WaitingRequest(ask, entitlement, tokens, since, until, ++_arrivals);
        _requests.Add(ask.Request, waiting);
        _inOrder.Add(waiting);
        _sorted = false;
    }

    /// <summary>Ends the wait of a request, if it waits.</summary>
    /// <param name="admitted">Its turn in the weighted cycle is used up.</param>
    internal void Remove(RequestId request, bool admitted)
    {
        if (Count == 0 || !_requests.Remove(request, out var waiting)) return;
        if (admitted) Turn = (WaitingOrder.NextTurn(WaitingOrder.TierOf(waiting.Entitlement.Terms.ServiceClass), Turn) + 1) % WaitingOrder.Turns;
        _inOrder.Remove(waiting);
        _sorted &= _order != QueueOrder.WeightedCycle;
    }

    /// <summary>Weights have changed.</summary>
    internal void Reorder() => _sorted = Count == 0;

    internal IReadOnlyList<CarriedWait>? Carry() => Count == 0 ? null :
    [
        .. ByArrival.Select(w => new CarriedWait(w.Request, w.Entitlement.Id, w.Ask.InputTokens, w.Ask.MaxOutputTokens, w.Ask.Workload, w.Tokens, w.Since, w.Until)),
    ];

    internal void Open(IReadOnlyList<CarriedWait>? carried, int turn, PoolState pool)
    {
        Turn = turn;
        foreach (var w in carried ?? [])
            Add(new(w.Request, w.Entitlement, w.InputTokens, w.MaxOutputTokens, w.Workload), pool.Entitlements[w.Entitlement], w.Tokens, w.Since, w.Until);
    }
}
