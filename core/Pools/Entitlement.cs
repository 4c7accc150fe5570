using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>An entitlement as the pool's stream tells it.</summary>
public sealed class Entitlement(EntitlementId id, EntitlementTerms terms)
{
    /// <summary>Requests over which the time they last is averaged.</summary>
    private const int HoldsAveraged = 100;

    public EntitlementId Id { get; } = id;
    public EntitlementTerms Terms { get; internal set; } = terms;
    public EntitlementState State { get; internal set; }
    public List<KeyId> Keys { get; } = [];

    /// <summary>Effective limits: what it may use of the pool at the moment.</summary>
    public Capacity Limits { get; internal set; }
    public double Debt { get; internal set; }
    public double Burst { get; internal set; }
    public double Weight { get; internal set; }

    /// <summary>Service owed to it, in tokens, as the last tick that was applied says.</summary>
    public long OwedTokens { get; internal set; }

    /// <summary>Its budget is consumed, and nothing is admitted before the end of the month; null when it is not.</summary>
    public DateTimeOffset? ExhaustedUntil { get; internal set; }

    public Account Account { get; } = new();
    public Resources Held => Account.Outstanding;

    /// <summary>The part of what it holds that the rules overlook: in shadow mode, what they would have refused.</summary>
    internal Resources Overlooked { get; set; }

    /// <summary>What the rules take as held.</summary>
    public Resources InUse => Held - Overlooked;

    /// <summary>Bucket of the effective token rate.</summary>
    public TokenBucket Rate { get; } = new();

    /// <summary>Bucket of the baseline of a dedicated entitlement: what it may take before it draws on the pool's surplus.</summary>
    public TokenBucket Baseline { get; } = new();

    /// <summary>Mean time a request of this entitlement holds its sequence: of the first hundred their mean, then an average that gives the newest a hundredth.</summary>
    public TimeSpan? MeanHold { get; internal set; }

    /// <summary>The share of its clients who come back when they are told to, not before and not never: an average that gives the newest a tenth. Null before the first.</summary>
    public double? Returns { get; internal set; }

    /// <summary>May be asked for capacity at all; a degraded one has no floor but is served as far as there is room.</summary>
    public bool IsServed => State is EntitlementState.Bound or EntitlementState.Degraded;

    /// <summary>Has a baseline that a policy with floors keeps free for it.</summary>
    public bool HasFloor => State == EntitlementState.Bound && IsReserved(Terms.ServiceClass);

    /// <summary>The part of its floor that it does not use now.</summary>
    public (long KvCacheBytes, int Sequences) IdleFloor => HasFloor
        ? (Math.Max(0, Terms.Baseline.KvCacheBytes - InUse.KvCacheBytes), Math.Max(0, Terms.Baseline.Sequences - InUse.Sequences))
        : default;

    public static bool IsReserved(ServiceClass serviceClass) => serviceClass is ServiceClass.Dedicated or ServiceClass.Guaranteed;

    internal void ObserveHold(TimeSpan held) => MeanHold = Observe(MeanHold, held, Account);

    internal void ObserveReturn(bool came) => Returns = Returns is { } share ? share * 0.9 + (came ? 0.1 : 0) : came ? 1 : 0;

    /// <summary>The mean of the first that end, then an average that gives each newest the same small part.</summary>
    internal static TimeSpan Observe(TimeSpan? mean, TimeSpan held, Account account)
    {
        var ended = (long)Int128.Min(HoldsAveraged, account.Reserved.Sequences - account.Outstanding.Sequences);
        return mean is { } before ? before + (held - before) / Math.Max(1, ended) : held;
    }
}

/// <summary>An open reservation.</summary>
public sealed class Reservation(RequestId request, Entitlement entitlement, Resources reserved, long inputTokens, long surplusTokens, DateTimeOffset admittedAt)
{
    public RequestId Request { get; } = request;
    public Entitlement Entitlement { get; } = entitlement;
    public Resources Reserved { get; } = reserved;
    public long InputTokens { get; } = inputTokens;

    /// <summary>The part of its tokens that was drawn from the pool's surplus, not from the entitlement's own floor.</summary>
    public long SurplusTokens { get; } = surplusTokens;
    public DateTimeOffset AdmittedAt { get; } = admittedAt;
    public Resources Outstanding { get; internal set; } = reserved;
    public DateTimeOffset ExpiresAt { get; internal set; }

    /// <summary>A rule would have refused it: it was admitted in shadow mode, and no bucket was charged for it.</summary>
    public bool IsShadow { get; init; }

    /// <summary>The workload that it named.</summary>
    public string? Workload { get; init; }

    /// <summary>Its output was reserved by an estimate.</summary>
    public bool IsEstimated { get; init; }
    public bool PrefillReleased => Outstanding.Tokens < Reserved.Tokens;
}
