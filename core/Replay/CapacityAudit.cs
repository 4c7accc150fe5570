using TokenLedger.Contracts;

namespace TokenLedger.Core.Replay;

/// <summary>A position at which a pool gave out more than it had.</summary>
public sealed record AuditFinding(long Position, string Dimension, long Held, long Capacity);

/// <summary>
/// Walks a pool's stream with arithmetic of its own, not the pool's, and looks after every admission whether what is held exceeds the capacity in force.
/// Tokens are audited as a rate: one bucket of the whole capacity, which every admission without a floor of its own draws on and every end corrects; nobody without a
/// floor may be admitted while it is in debt. What floors take is theirs, and their debt nobody else's. A second bucket that all draw on is only reported.
/// </summary>
public sealed class CapacityAudit(PoolId pool)
{
    private readonly Dictionary<RequestId, (EntitlementId Entitlement, Resources Reserved, bool OwnFloor)> _open = [];
    private readonly HashSet<EntitlementId> _bound = [];
    private readonly Dictionary<EntitlementId, ServiceClass> _classes = [];
    private PoolSettings? _settings;
    private int _replicas;
    private decimal _tokens;
    private decimal _shared;
    private DateTimeOffset _at;

    public PoolId Pool { get; } = pool;
    public Resources Held { get; private set; }
    public long PeakKvCacheBytes { get; private set; }
    public int PeakSequences { get; private set; }

    /// <summary>Lowest level of the bucket that all draw on, in tokens; negative where the pool was in debt: by requests dearer than a bucket, and by use beyond a reservation.</summary>
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
            case PoolReconfigured e: (_replicas, _settings) = (e.Settings.Replicas == _settings!.Replicas ? _replicas : e.Settings.Replicas, e.Settings); break;
            case LimitsApplied e: _replicas = e.Replicas; break;
            case EntitlementGranted e: _classes[e.Entitlement] = e.Terms.ServiceClass; break;
            case EntitlementAmended e: _classes[e.Entitlement] = e.Terms.ServiceClass; break;
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

    private AuditFinding? Admit(long position, RequestAdmitted e)
    {
        var floor = HasFloor(e.Entitlement);
        var inDebt = !floor && _shared < 0 && e.Reserved.Tokens > 0;
        _open.Add(e.Request, (e.Entitlement, e.Reserved, floor && _classes[e.Entitlement] == ServiceClass.Guaranteed));
        Held += e.Reserved;
        _tokens -= e.Reserved.Tokens;
        if (!floor) _shared -= e.Reserved.Tokens;
        (PeakKvCacheBytes, PeakSequences) = (Math.Max(PeakKvCacheBytes, Held.KvCacheBytes), Math.Max(PeakSequences, Held.Sequences));
        LowestTokens = Math.Min(LowestTokens, _tokens);
        if (Held.Sequences > Capacity.Sequences) return new(position, "sequences", Held.Sequences, Capacity.Sequences);
        if (Held.KvCacheBytes > Capacity.KvCacheBytes) return new(position, "kvCacheBytes", Held.KvCacheBytes, Capacity.KvCacheBytes);
        return inDebt ? new(position, "tokens", (long)-_shared, 0) : null;
    }

    /// <summary>What was not used goes back to the buckets; what was used beyond the reservation is taken from them.</summary>
    private void End(RequestId request, long usedTokens)
    {
        _open.Remove(request, out var open);
        Held -= open.Reserved;
        var correction = open.Reserved.Tokens - usedTokens;
        _tokens = Math.Min(Depth, _tokens + correction);
        // A dedicated entitlement may have drawn on the surplus: what it gives back may go there.
        if (correction > 0 ? !open.OwnFloor : !HasFloor(open.Entitlement)) _shared = Math.Min(Depth, _shared + correction);
    }

    private void Fill(DateTimeOffset at)
    {
        var filled = (decimal)Capacity.TokensPerSecond * (at - _at).Ticks / TimeSpan.TicksPerSecond;
        _at = at;
        if (_settings is not null) (_tokens, _shared) = (Math.Min(Depth, _tokens + filled), Math.Min(Depth, _shared + filled));
    }

    private decimal Depth => (decimal)Capacity.TokensPerSecond * _settings!.BurstSeconds;

    private bool HasFloor(EntitlementId id) => _bound.Contains(id) && _classes[id] is (ServiceClass.Dedicated or ServiceClass.Guaranteed);
}
