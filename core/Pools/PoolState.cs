using TokenLedger.Contracts;
using TokenLedger.Core.Estimation;

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

    /// <summary>How long the answers of its requests are.</summary>
    public OutputEstimates Estimates { get; } = new();

    /// <summary>Mean time a request holds its sequence: averaged as an entitlement's. Null before the first has ended.</summary>
    public TimeSpan? MeanHold { get; internal set; }
    public Account Account { get; } = new();
    public Resources Held => Account.Outstanding;

    /// <summary>The part of what is held that the rules overlook: in shadow mode, what they would have refused.</summary>
    internal Resources Overlooked { get; set; }

    /// <summary>What the rules take as held.</summary>
    public Resources InUse => Held - Overlooked;

    /// <summary>Bucket of the tokens per second that no floor reserves.</summary>
    public TokenBucket Surplus { get; } = new();

    /// <summary>Sum of the floors in force: the baselines of bound dedicated and guaranteed entitlements.</summary>
    public Capacity Floors { get; internal set; }

    /// <summary>The part of the floors in force that is lent while it is idle.</summary>
    public Capacity Lendable { get; internal set; }

    /// <summary>What is kept free for its owners even when none of it is used.</summary>
    public Capacity KeptFloors => Floors.Less(Lendable);

    /// <summary>Sum of the idle floors, kept as it changes.</summary>
    internal IdleFloor IdleFloors { get; set; }

    /// <summary>Sum of the baselines of all that are served, no more than the pool at its largest.</summary>
    internal Capacity Promised { get; set; }

    /// <summary>By dimension: how many that are served have no baseline there.</summary>
    internal Capacity Sharers { get; set; }

    /// <summary>Entitlements with open requests, the lightest first. Kept under the threshold policy only.</summary>
    internal SortedSet<Entitlement> Busy { get; } = new(Comparer<Entitlement>.Create(
        (a, b) => a.Weight.CompareTo(b.Weight) is not 0 and var order ? order : string.CompareOrdinal(a.Id.Value, b.Id.Value)));

    /// <summary>Under the threshold policy: the smallest weight among those with open requests; null while nothing runs.</summary>
    public double? LightestOpen => Busy.Min?.Weight;

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

    /// <summary>Reserved baselines are kept free for their owners. The other policies keep nothing free.</summary>
    public bool KeepsFloors => Settings?.Policy == AdmissionPolicy.WeightedShare;

    internal bool KeepsFloor(Entitlement entitlement) => KeepsFloors && entitlement.HasFloor;

    /// <summary>What of an idle part of an entitlement's floor is lent: of a guaranteed one the pool's share, rounded down; of a dedicated one nothing.</summary>
    internal long Lent(Entitlement entitlement, long idle) =>
        Settings!.Lending > 0 && entitlement.Terms.ServiceClass == ServiceClass.Guaranteed ? (long)((decimal)Settings.Lending * idle) : 0;

    internal IdleFloor IdleFloorOf(Entitlement entitlement)
    {
        if (!KeepsFloor(entitlement)) return default;
        var (kv, sequences) = entitlement.IdleFloor;
        return new(kv, sequences, kv - Lent(entitlement, kv), sequences - (int)Lent(entitlement, sequences));
    }

    /// <summary>KV bytes and sequences that this entitlement may still take: what is free, less what is kept of the idle floors of the others. Negative when capacity was lost.</summary>
    public (long KvCacheBytes, int Sequences) RoomFor(Entitlement entitlement)
    {
        var (capacity, inUse, others) = (Capacity, InUse, IdleFloors - IdleFloorOf(entitlement));
        return (capacity.KvCacheBytes - inUse.KvCacheBytes - others.KeptKvCacheBytes, capacity.Sequences - inUse.Sequences - others.KeptSequences);
    }

    /// <summary>
    /// What an entitlement may take of its own idle floor, over capacity if others have borrowed it. All floors together never come to more than capacity
    /// and what is lendable, since borrowers are admitted only while that holds.
    /// </summary>
    internal (long KvCacheBytes, int Sequences) RoomInFloor(Entitlement entitlement, Resources freed)
    {
        var (capacity, inUse, own) = (Capacity, InUse - freed, IdleFloorOf(entitlement));
        var others = IdleFloors - own;
        return (
            Math.Min(own.KvCacheBytes, capacity.KvCacheBytes - inUse.KvCacheBytes + (Lendable.KvCacheBytes - others.KvCacheBytes)),
            Math.Min(own.Sequences, capacity.Sequences - inUse.Sequences + (Lendable.Sequences - others.Sequences)));
    }

    /// <summary>
    /// How many of a request's tokens are asked of the surplus: none for a guaranteed floor, what exceeds the floor for a dedicated one, else all.
    /// A request dearer than a dedicated floor's whole bucket is the floor's own debt once that is full: nobody's use of the surplus may lock it out.
    /// </summary>
    internal long SurplusShare(Entitlement entitlement, long tokens, DateTimeOffset now) => (KeepsFloor(entitlement), entitlement.Terms.ServiceClass) switch
    {
        (true, ServiceClass.Guaranteed) => 0,
        (true, ServiceClass.Dedicated) => entitlement.Baseline.Allows(tokens, now) ? 0 : tokens - Math.Max(0, entitlement.Baseline.TokensAt(now)),
        _ => tokens,
    };

    /// <summary>How many it takes from the surplus when it is admitted. A guaranteed floor takes without asking the part of its rate that the surplus was filled with.</summary>
    internal long SurplusCharge(Entitlement entitlement, long tokens, DateTimeOffset now) =>
        KeepsFloor(entitlement) && entitlement.Terms.ServiceClass == ServiceClass.Guaranteed && Settings!.Lending > 0
            ? (long)Math.Ceiling((decimal)Settings.Lending * tokens)
            : SurplusShare(entitlement, tokens, now);
}

/// <summary>The idle part of floors, and what of it is kept free, as it is not lent.</summary>
internal readonly record struct IdleFloor(long KvCacheBytes, int Sequences, long KeptKvCacheBytes, int KeptSequences)
{
    public static IdleFloor operator +(IdleFloor a, IdleFloor b) =>
        new(a.KvCacheBytes + b.KvCacheBytes, a.Sequences + b.Sequences, a.KeptKvCacheBytes + b.KeptKvCacheBytes, a.KeptSequences + b.KeptSequences);

    public static IdleFloor operator -(IdleFloor a, IdleFloor b) =>
        new(a.KvCacheBytes - b.KvCacheBytes, a.Sequences - b.Sequences, a.KeptKvCacheBytes - b.KeptKvCacheBytes, a.KeptSequences - b.KeptSequences);
}
