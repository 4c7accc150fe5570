using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Scaling;

/// <summary>
/// What the scaling of one pool needs of the ledger: the pool's own stream and its fleet's, in position order. Deciding changes nothing here, so that whoever has read the same events decides the same.
/// </summary>
public sealed class ScalingState(PoolId pool)
{
    /// <summary>Demand is looked back on for five minutes, and what asked then may have asked first five minutes before.</summary>
    public static readonly TimeSpan Memory = 2 * DemandBins.Window;

    private readonly OrderedDictionary<EntitlementId, (EntitlementTerms Terms, EntitlementState State, long OwedTokens)> _entitlements = [];
    private DateTimeOffset? _since;

    public PoolId Pool => pool;
    public PoolSettings? Settings { get; private set; }

    /// <summary>Ledger position up to which events were taken in.</summary>
    public long Position { get; private set; }

    /// <summary>Replicas that run: as configured, until the fleet reports otherwise.</summary>
    public int Replicas { get; private set; }
    internal RequestLives Requests { get; } = new();
    internal FleetHistory Fleet { get; } = new();

    /// <summary>The last decision with its position and time; null before the first.</summary>
    public (ScalingDecided Decided, long Position, DateTimeOffset At)? Last => Fleet.Last;

    /// <summary>False for so long after the books that the state began with that demand before them would count.</summary>
    public bool IsCompleteAt(DateTimeOffset now) => Settings is not null && !(now - Memory < _since);

    /// <summary>Takes in an event of the pool's stream or of its fleet's stream.</summary>
    public void Evolve(RecordedEvent recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        if (recorded.Position <= Position) return;
        Position = recorded.Position;
        Evolve(recorded.Data, recorded.Position, recorded.Timestamp);
    }

    private void Evolve(ILedgerEvent data, long position, DateTimeOffset at)
    {
        switch (data)
        {
            case PoolOpened e: (Settings, Replicas) = (e.Settings, e.Settings.Replicas); break;
            case PoolReconfigured e: (Replicas, Settings) = (e.Settings.Replicas == Settings?.Replicas ? Replicas : e.Settings.Replicas, e.Settings); break;
            case BooksCarriedForward e when Settings is null: Open(e, at); break;
            case EntitlementGranted e: Grant(e.Entitlement, e.Terms); break;
            case EntitlementAmended e: _entitlements[e.Entitlement] = _entitlements[e.Entitlement] with { Terms = e.Terms }; break;
            case EntitlementRevoked e: _entitlements[e.Entitlement] = _entitlements[e.Entitlement] with { State = EntitlementState.Revoked, OwedTokens = 0 }; break;
            case EntitlementStateChanged e: _entitlements[e.Entitlement] = _entitlements[e.Entitlement] with { State = e.To }; break;
            case LimitsApplied e:
                foreach (var limits in e.Limits) _entitlements[limits.Entitlement] = _entitlements[limits.Entitlement] with { OwedTokens = limits.OwedTokens };
                break;
            case CapacityChanged e: Replicas = e.Replicas; break;
            case ScalingDecided e: Fleet.Take(e, position, at); break;
            default: Follow(data, at); break;
        }
    }

    private void Follow(ILedgerEvent data, DateTimeOffset at)
    {
        switch (data)
        {
            case RequestAdmitted e:
                Requests.Ask(e.Request, Of(e.Entitlement), e.InputTokens, e.Reserved.Tokens, at);
                Requests.Start(e.Request, Of(e.Entitlement), e.Reserved.Tokens, at);
                break;
            case RequestQueued e:
                Requests.Ask(e.Request, Of(e.Entitlement), e.InputTokens, e.Tokens, at);
                Requests.Wait(e.Request, Of(e.Entitlement));
                break;
            case RequestDenied e:
                Requests.EndWait(e.Request);
                if (IsDemand(e.Reason)) Requests.Ask(e.Request, Of(e.Entitlement), e.InputTokens, e.Tokens, at);
                break;
            case RequestsDenied e:
                // Who they were is not known, so neither how much of it was input; a client that comes back is counted again.
                foreach (var count in e.Counts)
                    if (IsDemand(count.Reason)) Requests.Count(count.Requests, Of(count.Entitlement), count.Tokens / 2, count.Tokens, at);
                break;
            case WaitAbandoned e: Requests.EndWait(e.Request); break;
            case ReservationSettled e: Requests.End(e.Request, e.InputTokens + e.OutputTokens, at); break;
            case ReservationReleased e: Requests.End(e.Request, null, at); break;
            case ReservationExpired e: Requests.End(e.Request, null, at); break;
            case ReservationEvicted e: Requests.End(e.Request, null, at); break;
        }
    }

    /// <summary>Sum of the reserved baselines in force, and of those that will be by then.</summary>
    internal Capacity PromisedAt(DateTimeOffset now, DateTimeOffset then) => _entitlements.Values
        .Where(e => Entitlement.IsReserved(e.Terms.ServiceClass) && e.State is not (EntitlementState.Revoked or EntitlementState.Expired) && !(then < e.Terms.ValidFrom) && !(now >= e.Terms.ValidTo))
        .Aggregate(default(Capacity), (sum, e) => sum + e.Terms.Baseline);

    /// <summary>Service owed to all, in tokens.</summary>
    internal long OwedTokens => _entitlements.Values.Sum(e => e.OwedTokens);

    private void Open(BooksCarriedForward books, DateTimeOffset at)
    {
        (Settings, Replicas, _since) = (books.Settings, books.Replicas, at);
        foreach (var e in books.Entitlements) _entitlements[e.Entitlement] = (e.Terms, e.State, e.OwedTokens);
        foreach (var open in books.Open) Requests.Start(open.Request, Of(open.Entitlement), open.Reserved.Tokens, open.AdmittedAt);
        foreach (var wait in books.Waiting ?? []) Requests.Wait(wait.Request, Of(wait.Entitlement));
    }

    /// <summary>A name that is granted again goes to the end of the order, as it does in the pool.</summary>
    private void Grant(EntitlementId id, EntitlementTerms terms)
    {
        _entitlements.Remove(id);
        _entitlements[id] = (terms, EntitlementState.Pending, 0);
    }

    private Standing Of(EntitlementId id) => !_entitlements.TryGetValue(id, out var e) ? Standing.Surplus : e.Terms.ServiceClass switch
    {
        ServiceClass.Dedicated or ServiceClass.Guaranteed => Standing.Floor,
        ServiceClass.Elastic => Standing.Elastic,
        _ => Standing.Surplus,
    };

    private static bool IsDemand(DenialReason reason) => reason is not (DenialReason.NeverFits or DenialReason.EntitlementNotBound or DenialReason.EntitlementUnknown);
}
