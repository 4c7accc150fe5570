using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>
/// A pool as its stream tells it. Only <see cref="PoolEvolution"/> changes it, in place: a pool has one writer, and a copy per event would cost more than the decision.
/// </summary>
public sealed class PoolState(PoolId id)
{
    public PoolId Id { get; } = id;

    /// <summary>Null until the pool is opened.</summary>
    public PoolSettings? Settings { get; internal set; }

    /// <summary>Replicas running now: as configured, until the fleet reports otherwise.</summary>
    public int Replicas { get; internal set; }
    public long CapacityPosition { get; internal set; }
    public long LimitsPosition { get; internal set; }

    /// <summary>Events taken in so far: the version of the stream.</summary>
    public long Version { get; internal set; }

    /// <summary>In the order they were granted.</summary>
    public OrderedDictionary<EntitlementId, Entitlement> Entitlements { get; } = [];
    public Dictionary<RequestId, Reservation> Open { get; } = [];

    /// <summary>Usage that came before its admission, oldest first; bounded, the oldest is forgotten.</summary>
    public OrderedDictionary<RequestId, SettlementDeferred> Deferred { get; } = [];
    public WaitingRoom Waiting { get; } = new();

    /// <summary>Refused requests whose clients were told when to come back.</summary>
    public ToldReturns Returns { get; } = new();

    /// <summary>Mean time a request holds its sequence: averaged as an entitlement's. Null before the first has ended.</summary>
    public TimeSpan? MeanHold { get; internal set; }
    public Account Account { get; } = new();
    public Resources Held => Account.Outstanding;

    /// <summary>Bucket of the tokens per second that no floor reserves.</summary>
    public TokenBucket Surplus { get; } = new();

    /// <summary>Sum of the floors in force: the baselines of bound dedicated and guaranteed entitlements.</summary>
    public Capacity Floors { get; internal set; }

    /// <summary>Sum of the idle floors, kept as it changes.</summary>
    internal (long KvCacheBytes, int Sequences) IdleFloors { get; set; }

    /// <summary>Leases by their end; entries of reservations that ended or were renewed are dropped when they come up.</summary>
    internal PriorityQueue<RequestId, DateTimeOffset> Leases { get; } = new();

    /// <summary>When the calendar next changes the state of an entitlement.</summary>
    public DateTimeOffset? NextCalendarChange { get; internal set; }

    public Capacity Capacity => Settings is null ? default : CapacityOf(Settings, Replicas);
    public Capacity LargestCapacity => Settings is null ? default : CapacityOf(Settings, Settings.Scaling.MaxReplicas);

    /// <summary>Sum of the reserved baselines that are in force or will be.</summary>
    public Capacity Committed => Binding.Reserved(Entitlements.Values);

    /// <summary>When the first lease runs out.</summary>
    public DateTimeOffset? NextExpiry => Leases.TryPeek(out _, out var at) ? at : null;

    /// <summary>Capacity of so many replicas. More of them than the settings allow do not count: the settings are checked to fit 64 bits up to there.</summary>
    internal static Capacity CapacityOf(PoolSettings settings, int replicas) => settings.PerReplica * Math.Min(replicas, settings.Scaling.MaxReplicas);

    /// <summary>KV bytes and sequences that this entitlement may still take: what is free, less the idle floors of the others. Negative when capacity was lost.</summary>
    public (long KvCacheBytes, int Sequences) RoomFor(Entitlement entitlement) =>
        (Capacity.KvCacheBytes - Held.KvCacheBytes - (IdleFloors.KvCacheBytes - entitlement.IdleFloor.KvCacheBytes),
         Capacity.Sequences - Held.Sequences - (IdleFloors.Sequences - entitlement.IdleFloor.Sequences));

    /// <summary>
    /// How many of a request's tokens come from the surplus: none for a guaranteed floor, what exceeds the floor for a dedicated one, else all.
    /// A request dearer than a dedicated floor's whole bucket is the floor's own debt once that is full: nobody's use of the surplus may lock it out.
    /// </summary>
    internal static long SurplusShare(Entitlement entitlement, long tokens, DateTimeOffset now) => (entitlement.HasFloor, entitlement.Terms.ServiceClass) switch
    {
        (true, ServiceClass.Guaranteed) => 0,
        (true, ServiceClass.Dedicated) => entitlement.Baseline.Allows(tokens, now) ? 0 : tokens - Math.Max(0, entitlement.Baseline.TokensAt(now)),
        _ => tokens,
    };
}
