using System.Diagnostics;
using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>What each event does to a pool. After every event the books balance, or it throws <see cref="ConservationException"/>.</summary>
public static class PoolEvolution
{
    /// <summary>Early usage that a pool remembers; beyond it the oldest is forgotten (it stays billed, and its admission ends by its lease).</summary>
    public const int MostDeferred = 10_000;

    private const int MostStaleLeases = 1_000;

    public static void Evolve(PoolState pool, ILedgerEvent data, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(pool);
        switch (data)
        {
            case RequestAdmitted e: Admit(pool, e, at); break;
            case RequestDenied e: Deny(pool, e, at); break;
            case RequestsDenied: break;
            case RequestQueued e: Queue(pool, e, at); break;
            case WaitAbandoned e: pool.Waiting.Remove(e.Request, admitted: false); break;
            case PrefillReleased e: ReleasePrefill(pool, e); break;
            case ReservationRenewed e: Renew(pool, e); break;
            case ReservationSettled e: Settle(pool, e, at); break;
            case SettlementDeferred e: Defer(pool, e); break;
            case ReservationReleased e: End(pool, e.Request, at, e.Returned, refund: e.Returned.Tokens, e, static (a, e) => a.Return(e.Returned)); break;
            case ReservationExpired e: End(pool, e.Request, at, e.Expired, refund: 0, e, static (a, e) => a.Expire(e.Expired)); break;
            case ReservationEvicted e: End(pool, e.Request, at, e.Evicted, refund: e.Evicted.Tokens, e, static (a, e) => a.Evict(e.Evicted)); break;
            case LimitsApplied e: Apply(pool, e, at); break;
            case BudgetExhausted e: pool.Entitlements[e.Entitlement].ExhaustedUntil = e.Until; break;
            case BooksCarriedForward e: OpenBooks(pool, e, at); break;
            default: Reconfigure(pool, data, at); break;
        }
        pool.Version++;
    }

    private static void Reconfigure(PoolState pool, ILedgerEvent data, DateTimeOffset at)
    {
        switch (data)
        {
            case PoolOpened e: (pool.Settings, pool.Replicas) = (e.Settings, e.Settings.Replicas); break;
            case PoolReconfigured e:
                if (e.Settings.Replicas != pool.Settings!.Replicas) pool.Replicas = e.Settings.Replicas;
                PoolBalance.Switch(pool, e.Settings);
                break;
            case EntitlementGranted e: Grant(pool, e); break;
            case EntitlementAmended e: Amend(pool.Entitlements[e.Entitlement], e.Terms); break;
            case EntitlementRevoked e:
                pool.Entitlements[e.Entitlement].State = EntitlementState.Revoked;
                pool.Entitlements[e.Entitlement].Keys.Clear();
                break;
            case EntitlementStateChanged e: pool.Entitlements[e.Entitlement].State = e.To; break;
            case KeyIssued e: pool.Entitlements[e.Entitlement].Keys.Add(e.Key); return;
            case KeyRevoked e: pool.Entitlements[e.Entitlement].Keys.Remove(e.Key); return;
            default: throw new UnreachableException($"A pool does not know {data.GetType().Name}.");
        }
        PoolBalance.Rebalance(pool, at);
    }

    /// <summary>A name granted again after a revocation starts anew at the end of the order, but keeps what its old requests still hold.</summary>
    private static void Grant(PoolState pool, EntitlementGranted e)
    {
        if (pool.Entitlements.Remove(e.Entitlement, out var former))
        {
            (former.Terms, former.State, former.Debt, former.Burst, former.OwedTokens, former.ExhaustedUntil) = (e.Terms, EntitlementState.Pending, 0, 0, 0, null);
            pool.Entitlements.Add(e.Entitlement, former);
        }
        else pool.Entitlements.Add(e.Entitlement, new Entitlement(e.Entitlement, e.Terms));
    }

    private static void Amend(Entitlement entitlement, EntitlementTerms terms) => (entitlement.ExhaustedUntil, entitlement.Terms) = (BudgetDecisions.After(entitlement, terms), terms);

    private static void Apply(PoolState pool, LimitsApplied e, DateTimeOffset at)
    {
        (pool.LimitsPosition, pool.CapacityPosition) = (e.LimitsPosition, e.CapacityPosition);
        if (pool.Replicas != e.Replicas)
        {
            pool.Replicas = e.Replicas;
            PoolBalance.Rebalance(pool, at);
        }
        foreach (var applied in e.Limits)
        {
            var entitlement = pool.Entitlements[applied.Entitlement];
            (entitlement.Debt, entitlement.Burst, entitlement.Weight, entitlement.OwedTokens) = (applied.Debt, applied.Burst, applied.Weight, applied.OwedTokens);
            PoolBalance.SetLimits(pool, entitlement, applied.Limits, at);
        }
        pool.Waiting.Reorder();
        PoolBalance.SortBusy(pool);
    }

    private static void OpenBooks(PoolState pool, BooksCarriedForward e, DateTimeOffset at)
    {
        PoolBooks.Open(pool, e);
        pool.NextCalendarChange = Binding.NextChange(pool.Entitlements.Values, at);
        PoolBalance.Sum(pool);
        PoolBalance.SortBusy(pool);
    }

    private static void Admit(PoolState pool, RequestAdmitted e, DateTimeOffset at)
    {
        var entitlement = pool.Entitlements[e.Entitlement];
        var isShadow = e.ShadowDenial is not null;
        // Without shadow it would not run: it takes nothing that others would have had.
        var fromSurplus = isShadow ? 0 : PoolBalance.Charge(pool, entitlement, e.Reserved.Tokens, at);
        var reservation = new Reservation(e.Request, entitlement, e.Reserved, e.InputTokens, fromSurplus, at)
        {
            ExpiresAt = e.ExpiresAt,
            IsShadow = isShadow,
            Workload = e.Workload,
            IsEstimated = OutputReservation.IsEstimated(pool),
        };
        pool.Open.Add(e.Request, reservation);
        pool.Waiting.Remove(e.Request, admitted: true);
        pool.Returns.Came(e.Request, at);
        pool.Leases.Enqueue(e.Request, e.ExpiresAt);
        PoolBalance.Post(pool, entitlement, e.Reserved, static (account, reserved) => account.Reserve(reserved), pool.Settings!.Shadow && isShadow ? e.Reserved : default);
    }

    private static void Deny(PoolState pool, RequestDenied e, DateTimeOffset at)
    {
        pool.Waiting.Remove(e.Request, admitted: false);
        pool.Returns.Refuse(e, pool.Entitlements[e.Entitlement], WaitingDecisions.BoundsOf(pool).KeepPromises, at);
    }

    private static void Queue(PoolState pool, RequestQueued e, DateTimeOffset at)
    {
        pool.Returns.Came(e.Request, at);
        pool.Waiting.Add(new(e.Request, e.Entitlement, e.InputTokens, e.MaxOutputTokens, e.Workload), pool.Entitlements[e.Entitlement], e.Tokens, at, e.Until);
    }

    private static void ReleasePrefill(PoolState pool, PrefillReleased e)
    {
        var open = Find(pool, e.Request);
        var prefill = new Resources(e.Tokens, 0, 0);
        if (e.Tokens > open.Outstanding.Tokens) throw new ConservationException($"Request {e.Request} holds {open.Outstanding} and cannot settle {prefill}.");
        open.Outstanding -= prefill;
        PoolBalance.Post(pool, open.Entitlement, prefill, static (account, settled) => account.Settle(settled), OverlookNoMore(pool, open, prefill));
    }

    private static void Renew(PoolState pool, ReservationRenewed e)
    {
        Find(pool, e.Request).ExpiresAt = e.ExpiresAt;
        pool.Leases.Enqueue(e.Request, e.ExpiresAt);
        DropStaleLeases(pool);
    }

    private static void Defer(PoolState pool, SettlementDeferred e)
    {
        if (pool.Deferred.Count >= MostDeferred) pool.Deferred.RemoveAt(0);
        pool.Deferred[e.Request] = e;
    }

    private static void Settle(PoolState pool, ReservationSettled e, DateTimeOffset at)
    {
        var open = Find(pool, e.Request);
        var refund = open.Reserved.Tokens - (e.InputTokens + e.OutputTokens);
        pool.Deferred.Remove(e.Request);
        End(pool, e.Request, at, e.Settled + e.Returned, refund, e, static (account, e) =>
        {
            account.Settle(e.Settled);
            account.Return(e.Returned);
        });
        OutputReservation.Learn(pool, open, e);
    }

    /// <summary>Ends a reservation, all that it still holds and no more, and corrects the buckets by what was charged too much (or, negative, too little).</summary>
    private static void End<T>(PoolState pool, RequestId request, DateTimeOffset at, Resources ended, long refund, T posted, Action<Account, T> post)
    {
        var open = Find(pool, request);
        if (ended != open.Outstanding) throw new ConservationException($"Request {request} holds {open.Outstanding} and cannot end with {ended}.");
        pool.Open.Remove(request);
        PoolBalance.Post(pool, open.Entitlement, posted, post, OverlookNoMore(pool, open, ended));
        if (refund != 0 && !open.IsShadow) PoolBalance.Correct(pool, open, refund, at);
        open.Entitlement.ObserveHold(at - open.AdmittedAt);
        pool.MeanHold = Entitlement.Observe(pool.MeanHold, at - open.AdmittedAt, pool.Account);
        DropStaleLeases(pool);
    }

    private static Reservation Find(PoolState pool, RequestId request) =>
        pool.Open.GetValueOrDefault(request) ?? throw new ConservationException($"Request {request} holds no reservation.");

    private static Resources OverlookNoMore(PoolState pool, Reservation open, Resources ended) =>
        pool.Settings!.Shadow && open.IsShadow ? default(Resources) - ended : default;

    /// <summary>Keeps the first lease a live one, and the stale ones behind it fewer than the live ones and <see cref="MostStaleLeases"/>.</summary>
    private static void DropStaleLeases(PoolState pool)
    {
        if (pool.Leases.Count > 2 * pool.Open.Count + MostStaleLeases)
        {
            pool.Leases.Clear();
            pool.Leases.EnqueueRange(pool.Open.Values.Select(r => (r.Request, r.ExpiresAt)));
        }
        while (pool.Leases.TryPeek(out var request, out var until) && !(pool.Open.TryGetValue(request, out var open) && open.ExpiresAt == until))
            pool.Leases.Dequeue();
    }
}
