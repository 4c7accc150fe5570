using TokenLedger.Contracts;

namespace TokenLedger.Core.Replay;

/// <summary>A position at which a pool gave out more than its policy allows: <paramref name="Held"/> of at most <paramref name="Capacity"/>.</summary>
public sealed record AuditFinding(long Position, string Dimension, long Held, long Capacity);

/// <summary>
/// Walks a pool's stream with arithmetic of its own, not the pool's, and looks after every admission whether what is held exceeds what the policy in force allows:
/// under weighted-share the capacity and what is lent of guaranteed baselines, under threshold the capacity for each entitlement by itself (who holds less than that
/// can be over it together only where a heavier request joined a lighter one); admit-all and rate-limit have no bound in the pool, and what shadow mode admits is no breach.
/// Tokens are audited as a rate, under weighted-share: one bucket of the whole capacity, which every admission without a floor of its own draws on and every end corrects;
/// nobody without a floor may be admitted while it is in debt. What floors take is theirs, and their debt nobody else's. A second bucket that all draw on is only reported.
/// </summary>
public sealed class CapacityAudit(PoolId pool)
{
    private readonly Dictionary<RequestId, Open> _open = [];
    private readonly Dictionary<EntitlementId, Resources> _heldBy = [];
    private readonly HashSet<EntitlementId> _bound = [];
    private readonly Dictionary<EntitlementId, EntitlementTerms> _terms = [];
    private PoolSettings? _settings;
    private int _replicas;
    private Resources _overlooked;
    private decimal _tokens;
    private decimal _shared;
    private DateTimeOffset _at;

    public PoolId Pool { get; } = pool;
    public Resources Held { get; private set; }
    public long PeakKvCacheBytes { get; private set; }
    public int PeakSequences { get; private set; }

    /// <summary>Lowest level of the bucket that all draw on, in tokens; negative where the pool was in debt: by requests dearer than a bucket, by use beyond a reservation, and by policies that put no bound on it.</summary>
    public decimal LowestTokens { get; private set; } = decimal.MaxValue;
    public Capacity Capacity => _settings is null ? default : _settings.PerReplica * Math.Min(_replicas, _settings.Scaling.MaxReplicas);

    /// <summary>Takes the next event of the pool's stream.</summary>
    public AuditFinding? Take(RecordedEvent recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        Fill(recorded.Timestamp);
        switch (recorded.Data)
        {
            case PoolOpened e:
                (_settings, _replicas) = (e.Settings, e.Settings.Replicas);
                _tokens = _shared = Depth;
                break;
            case PoolReconfigured e: Reconfigure(e.Settings); break;
            case LimitsApplied e: _replicas = e.Replicas; break;
            case EntitlementGranted e: _terms[e.Entitlement] = e.Terms; break;
            case EntitlementAmended e: _terms[e.Entitlement] = e.Terms; break;
            case EntitlementStateChanged e:
                if (e.To == EntitlementState.Bound) _bound.Add(e.Entitlement);
                else _bound.Remove(e.Entitlement);
                break;
            case EntitlementRevoked e: _bound.Remove(e.Entitlement); break;
            case RequestAdmitted e: return Admit(recorded.Position, e);
            case ReservationSettled e: End(e.Request, e.InputTokens + e.OutputTokens); break;
            case ReservationReleased e: End(e.Request, _open[e.Request].Reserved.Tokens - e.Returned.Tokens); break;
            case ReservationEvicted e: End(e.Request, _open[e.Request].Reserved.Tokens - e.Evicted.Tokens); break;
            case ReservationExpired e: End(e.Request, _open[e.Request].Reserved.Tokens); break;
        }
        return null;
    }

    /// <summary>Under another policy, or with another share lent, the pool's buckets begin anew, full.</summary>
    private void Reconfigure(PoolSettings settings)
    {
        var anew = settings.Policy != _settings!.Policy || settings.Lending != _settings.Lending;
        (_replicas, _settings) = (settings.Replicas == _settings.Replicas ? _replicas : settings.Replicas, settings);
        if (anew) _tokens = _shared = Depth;
    }

    private AuditFinding? Admit(long position, RequestAdmitted e)
    {
        var (floor, isShadow) = (HasFloor(e.Entitlement), e.ShadowDenial is not null);
        var inDebt = !floor && _shared < 0 && e.Reserved.Tokens > 0 && _settings!.Policy == AdmissionPolicy.WeightedShare;
        var ownFloor = floor && _terms[e.Entitlement].ServiceClass == ServiceClass.Guaranteed && _settings!.Lending == 0;
        _open.Add(e.Request, new(e.Entitlement, e.Reserved, ownFloor, isShadow));
        Held += e.Reserved;
        _heldBy[e.Entitlement] = _heldBy.GetValueOrDefault(e.Entitlement) + e.Reserved;
        (PeakKvCacheBytes, PeakSequences) = (Math.Max(PeakKvCacheBytes, Held.KvCacheBytes), Math.Max(PeakSequences, Held.Sequences));
        if (isShadow)
        {
            _overlooked += e.Reserved;
            return null;
        }
        _tokens -= e.Reserved.Tokens;
        if (!floor) _shared -= e.Reserved.Tokens;
        LowestTokens = Math.Min(LowestTokens, _tokens);
        return Exceeds(position, e.Entitlement) ?? (inDebt ? new(position, "tokens", (long)-_shared, 0) : null);
    }

    private AuditFinding? Exceeds(long position, EntitlementId entitlement)
    {
        var (held, most) = _settings!.Policy switch
        {
            AdmissionPolicy.WeightedShare => (_settings.Shadow ? Held - _overlooked : Held, Capacity + Lent()),
            AdmissionPolicy.Threshold when !_settings.Shadow => (_heldBy[entitlement], Capacity),
            _ => default,
        };
        return held.Sequences > most.Sequences ? new(position, "sequences", held.Sequences, most.Sequences)
            : held.KvCacheBytes > most.KvCacheBytes ? new(position, "kvCacheBytes", held.KvCacheBytes, most.KvCacheBytes)
            : null;
    }

    /// <summary>What of the guaranteed floors others may have: it comes back only as they end.</summary>
    private Capacity Lent()
    {
        var (lent, share) = (default(Capacity), (decimal)_settings!.Lending);
        if (share == 0) return lent;
        foreach (var id in _bound)
            if (_terms[id] is { ServiceClass: ServiceClass.Guaranteed, Baseline: var b })
                lent += new Capacity(0, (long)Math.Floor(share * b.KvCacheBytes), (int)Math.Floor(share * b.Sequences));
        return lent;
    }

    /// <summary>What was not used goes back to the buckets; what was used beyond the reservation is taken from them.</summary>
    private void End(RequestId request, long usedTokens)
    {
        _open.Remove(request, out var open);
        Held -= open.Reserved;
        _heldBy[open.Entitlement] -= open.Reserved;
        if (open.IsShadow)
        {
            _overlooked -= open.Reserved;
            return;
        }
        var correction = open.Reserved.Tokens - usedTokens;
        _tokens = Math.Min(Depth, _tokens + correction);
        // A dedicated entitlement may have drawn on the surplus, and where floors are lent a guaranteed one: what it gives back may go there.
        if (correction > 0 ? !open.OwnFloor : !HasFloor(open.Entitlement)) _shared = Math.Min(Depth, _shared + correction);
    }

    private void Fill(DateTimeOffset at)
    {
        var filled = (decimal)Capacity.TokensPerSecond * (at - _at).Ticks / TimeSpan.TicksPerSecond;
        _at = at;
        if (_settings is not null) (_tokens, _shared) = (Math.Min(Depth, _tokens + filled), Math.Min(Depth, _shared + filled));
    }

    private decimal Depth => (decimal)Capacity.TokensPerSecond * _settings!.BurstSeconds;

    private bool HasFloor(EntitlementId id) => _bound.Contains(id) && _terms[id].ServiceClass is (ServiceClass.Dedicated or ServiceClass.Guaranteed);

    private readonly record struct Open(EntitlementId Entitlement, Resources Reserved, bool OwnFloor, bool IsShadow);
}
