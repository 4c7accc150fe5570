using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>A refused request whose client was told when to come back.</summary>
/// <param name="Tokens">What it would cost.</param>
/// <param name="ToldAt">When it was told.</param>
/// <param name="At">When it is to come back.</param>
public sealed record ToldReturn(RequestId Request, Entitlement Entitlement, long Tokens, DateTimeOffset ToldAt, DateTimeOffset At);

/// <summary>
/// Who was told to come back and when, so that no two are promised the same room (domain.md §5.2). Whether those who are told do come back is learned for each entitlement: <see cref="Entitlement.Returns"/>.
/// </summary>
public sealed class ToldReturns
{
    /// <summary>Returns that are remembered; whoever is refused beyond that is told a time, but no room is kept.</summary>
    public const int Most = 2_000;

    /// <summary>How long after its time a client is waited for: <c>Retry-After</c> is in whole seconds, and the way takes time.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly Dictionary<RequestId, ToldReturn> _byRequest = [];
    private readonly List<ToldReturn> _inTime = [];

    public int Count => _inTime.Count;

    /// <summary>The first to come back comes first.</summary>
    public IReadOnlyList<ToldReturn> InTime => _inTime;

    public ToldReturn? Find(RequestId request, EntitlementId entitlement) =>
        Count > 0 && _byRequest.TryGetValue(request, out var told) && told.Entitlement.Id == entitlement ? told : null;

    /// <summary>A client that came too early keeps its time, and shows that its entitlement's clients do not heed it.</summary>
    internal void Refuse(RequestDenied e, Entitlement entitlement, bool keep, DateTimeOffset at)
    {
        Forget(at);
        var before = Find(e.Request, e.Entitlement);
        if (before is not null && at < before.At)
        {
            entitlement.ObserveReturn(came: false);
            return;
        }
        Came(e.Request, at);
        if (keep && Count < Most && WaitingDecisions.EndsWithTime(e.Reason) && !_byRequest.ContainsKey(e.Request))
            Add(new(e.Request, entitlement, e.Tokens, at, at.AddMilliseconds(e.RetryAfterMs)));
    }

    /// <summary>The client is back, in time or before.</summary>
    internal void Came(RequestId request, DateTimeOffset at)
    {
        if (Count == 0 || !_byRequest.Remove(request, out var told)) return;
        _inTime.Remove(told);
        told.Entitlement.ObserveReturn(came: at >= told.At);
    }

    private void Forget(DateTimeOffset at)
    {
        var gone = _inTime.FindIndex(told => told.At + Grace >= at);
        if (gone < 0) gone = Count;
        for (var i = 0; i < gone; i++)
        {
            _byRequest.Remove(_inTime[i].Request);
            _inTime[i].Entitlement.ObserveReturn(came: false);
        }
        _inTime.RemoveRange(0, gone);
    }

    private void Add(ToldReturn told)
    {
        _byRequest.Add(told.Request, told);
        var at = _inTime.FindLastIndex(other => other.At <= told.At) + 1;
        _inTime.Insert(at, told);
    }

    internal IReadOnlyList<CarriedReturn>? Carry() => Count == 0 ? null : [.. _inTime.Select(t => new CarriedReturn(t.Request, t.Entitlement.Id, t.Tokens, t.ToldAt, t.At))];

    internal void Open(IReadOnlyList<CarriedReturn>? carried, PoolState pool)
    {
        foreach (var t in carried ?? []) Add(new(t.Request, pool.Entitlements[t.Entitlement], t.Tokens, t.ToldAt, t.At));
    }
}
