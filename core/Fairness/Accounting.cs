using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Fairness;

/// <summary>Who was served and who waits in a pool, from its events. A retry is its request again and counts once; what is never served by waiting (it never fits) is no demand.</summary>
internal sealed class Accounting(PoolState pool)
{
    private readonly Dictionary<EntitlementId, Service> _services = [];
    private readonly Dictionary<RequestId, Waiting> _waiting = [];

    public Service this[EntitlementId id] => _services.TryGetValue(id, out var service) ? service : _services[id] = new();

    /// <summary>Tokens/s of a sequence at full use of the pool.</summary>
    private double Nominal => pool.Settings is { PerReplica: var one } ? (double)one.TokensPerSecond / Math.Max(1, one.Sequences) : 0;

    private TimeSpan Longest => TimeSpan.FromSeconds(pool.Settings?.LeaseSeconds ?? 0);

    /// <summary>Takes in an event that the pool has not taken in yet.</summary>
    public void Take(ILedgerEvent data, DateTimeOffset at)
    {
        switch (data)
        {
            case RequestAdmitted e:
                Asks(e.Entitlement, at);
                EndWait(e.Request, at);
                break;
            case WaitAbandoned e: EndWait(e.Request, at); break;
            case RequestQueued e: Wait(e.Request, e.Entitlement, e.Tokens, at, e.Until); break;
            case RequestDenied { Reason: not DenialReason.NeverFits } e: Wait(e.Request, e.Entitlement, e.Tokens, at, at); break;
            case RequestsDenied e:
                foreach (var denied in e.Counts.Where(denied => denied.Reason != DenialReason.NeverFits).GroupBy(denied => denied.Entitlement))
                    Asks(denied.Key, at).Refuse(denied.Sum(d => d.Requests), denied.Sum(d => d.Tokens), more: false, at, Nominal, Longest);
                break;
            case ReservationSettled e: Settle(e, at); break;
            case ReservationReleased e: End(e.Request, e.Returned); break;
            case ReservationEvicted e: End(e.Request, e.Evicted); break;
            case ReservationExpired e: End(e.Request, default); break; // Nobody knows what was used; all of it is charged.
            case BooksCarriedForward { Waiting: { } waiting } when pool.Settings is null:
                foreach (var e in waiting) Wait(e.Request, e.Entitlement, e.Tokens, at, e.Until);
                break;
        }
    }

    /// <summary>A name that is granted again starts without what its former holder was served and waited for.</summary>
    public void Forget(EntitlementId id, DateTimeOffset at)
    {
        _services.Remove(id);
        foreach (var (request, _) in _waiting.Where(pair => pair.Value.Entitlement == id)) _waiting.Remove(request);
        foreach (var open in pool.Open.Values.Where(open => open.Entitlement.Id == id)) this[id].SeeOpen(open, at, Nominal);
        if (_services.TryGetValue(id, out var service)) service.Tell();
    }

    /// <summary>Brings every service up to a time. Reading it is then up to <see cref="Service.Tell"/>.</summary>
    public void Look(DateTimeOffset now)
    {
        var nominal = Nominal;
        foreach (var service in _services.Values) service.BeginLook(now, nominal);
        foreach (var open in pool.Open.Values) this[open.Entitlement.Id].SeeOpen(open, now, nominal);
        foreach (var (request, wait) in _waiting)
        {
            var service = this[wait.Entitlement];
            service.Wait(1, wait.Tokens, wait.From, wait.Until, now, nominal);
            if (wait.Until <= now) _waiting.Remove(request);
            else
            {
                wait.From = wait.From < now ? now : wait.From;
                service.SeeWaiting(wait.Tokens);
            }
        }
    }

    /// <summary>Forgets what was served and waited for until a time: the clock starts there.</summary>
    public void Start(DateTimeOffset at)
    {
        Look(at);
        foreach (var service in _services.Values) service.Tell();
    }

    private void Wait(RequestId request, EntitlementId entitlement, long tokens, DateTimeOffset at, DateTimeOffset queuedUntil)
    {
        var service = Asks(entitlement, at);
        var until = at + service.Lasts(tokens, Nominal, Longest);
        if (until < queuedUntil) until = queuedUntil;
        if (_waiting.TryGetValue(request, out var known) && known.Entitlement == entitlement)
        {
            // What lay between the end of one try and the next was no waiting.
            if (known.Until < at) EndWait(request, at);
            else
            {
                known.Until = until;
                return;
            }
        }
        if (_waiting.Count < FairnessState.MostWaiting) _waiting[request] = new(entitlement, tokens) { From = at, Until = until };
        else service.Refuse(1, tokens, more: true, at, Nominal, Longest);
    }

    private Service Asks(EntitlementId entitlement, DateTimeOffset at)
    {
        var service = this[entitlement];
        service.AskedAt = at;
        return service;
    }

    private void EndWait(RequestId request, DateTimeOffset at)
    {
        if (_waiting.Remove(request, out var wait)) this[wait.Entitlement].Wait(1, wait.Tokens, wait.From, wait.Until, at, Nominal);
    }

    private void Settle(ReservationSettled e, DateTimeOffset at)
    {
        // An event that breaks the books is for the pool to refuse.
        if (!pool.Open.TryGetValue(e.Request, out var open)) return;
        var tokens = e.InputTokens + e.OutputTokens;
        this[e.Entitlement].End(tokens);
        this[e.Entitlement].Observe(tokens, at - open.AdmittedAt);
    }

    private void End(RequestId request, Resources unused)
    {
        if (pool.Open.TryGetValue(request, out var open)) this[open.Entitlement.Id].End(open.Reserved.Tokens - unused.Tokens);
    }

    private sealed class Waiting(EntitlementId entitlement, long tokens)
    {
        public EntitlementId Entitlement { get; } = entitlement;
        public long Tokens { get; } = tokens;
        public DateTimeOffset From { get; set; }
        public DateTimeOffset Until { get; set; }
    }
}
