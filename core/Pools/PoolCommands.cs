using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>What can be asked of a pool.</summary>
public abstract record PoolCommand;

public sealed record ConfigurePool(PoolSettings Settings) : PoolCommand;

public sealed record GrantEntitlement(EntitlementId Entitlement, EntitlementTerms Terms) : PoolCommand;

public sealed record RevokeEntitlement(EntitlementId Entitlement) : PoolCommand;

public sealed record IssueKey(EntitlementId Entitlement, KeyId Key, string KeyHash) : PoolCommand;

public sealed record RevokeKey(EntitlementId Entitlement, KeyId Key) : PoolCommand;

/// <param name="WaitMs">How long it would wait for capacity that is not there now, in milliseconds.</param>
public sealed record Admit(RequestId Request, EntitlementId Entitlement, long InputTokens, long? MaxOutputTokens, string? Workload, long WaitMs = 0) : PoolCommand;

/// <summary>Ends the wait of one request whose turn has come or whose time is up; to be repeated until nothing comes.</summary>
public sealed record Drain : PoolCommand;

/// <summary>Ends the wait of a request whose client has gone.</summary>
public sealed record Abandon(RequestId Request, EntitlementId Entitlement) : PoolCommand;

public sealed record ReleasePrefill(RequestId Request, EntitlementId Entitlement) : PoolCommand;

public sealed record Renew(RequestId Request, EntitlementId Entitlement) : PoolCommand;

public sealed record Release(RequestId Request, EntitlementId Entitlement) : PoolCommand;

/// <param name="AdmissionRecorded">The ledger holds an admission of this request, open or ended.</param>
/// <param name="Entitlement">Whose usage it is; null when only the request tells.</param>
public sealed record Settle(RequestId Request, long InputTokens, long OutputTokens, long UsagePosition, bool AdmissionRecorded, EntitlementId? Entitlement = null) : PoolCommand;

/// <summary>Ends leases that have run out and follows the calendar.</summary>
public sealed record Sweep : PoolCommand;

public sealed record ApplyCapacity(int Replicas, long Position) : PoolCommand;

public sealed record ApplyLimits(IReadOnlyList<EntitlementLimits> Limits, long Position) : PoolCommand
{
    /// <summary>Takes in what a fairness tick adjusted.</summary>
    public static ApplyLimits Of(LimitsAdjusted adjusted, long position)
    {
        ArgumentNullException.ThrowIfNull(adjusted);
        return new([.. adjusted.Entitlements.Select(s => new EntitlementLimits(s.Entitlement, s.Limits, s.Debt, s.Burst, s.Weight, s.OwedTokens))], position);
    }
}

/// <summary>The month's budget is consumed, as Metering counted.</summary>
/// <param name="MonthlyTokens">The budget that was counted against.</param>
/// <param name="Position">Position of the event that says so.</param>
public sealed record ExhaustBudget(EntitlementId Entitlement, long MonthlyTokens, DateTimeOffset Until, long Position) : PoolCommand;

/// <summary>Writes the whole state down, so that a later start needs nothing before it.</summary>
public sealed record CloseBooks : PoolCommand;

/// <summary>The events of a decision and the answer to whoever asked.</summary>
public sealed record PoolDecision(IReadOnlyList<ILedgerEvent> Events, PoolAnswer Answer)
{
    public static PoolDecision Nothing(PoolAnswer answer) => new([], answer);
}

/// <summary>What the one who asked is told.</summary>
public abstract record PoolAnswer;

/// <summary>Done; <paramref name="Created"/> when something new came to be, <paramref name="Changed"/> when anything was recorded.</summary>
public sealed record Done(bool Created, bool Changed) : PoolAnswer;

public sealed record Admitted(RequestAdmitted Event, Headroom Headroom) : PoolAnswer;

public sealed record Denied(RequestDenied Event, Headroom Headroom) : PoolAnswer;

/// <summary>The request waits; the event that ends its wait is the answer.</summary>
public sealed record Waits(RequestId Request, DateTimeOffset Until) : PoolAnswer;

/// <summary>This request holds a reservation already: the recorded admission is the answer.</summary>
public sealed record AlreadyOpen : PoolAnswer;

/// <summary>The reservation after a change to it.</summary>
public sealed record Reserved(EntitlementId Entitlement, Resources Outstanding, DateTimeOffset ExpiresAt) : PoolAnswer;

/// <summary>No open reservation has this id.</summary>
public sealed record NotOpen : PoolAnswer;

/// <summary>A command that cannot be carried out; nothing is recorded.</summary>
/// <param name="Shortage">What would be needed, where capacity is what lacks.</param>
public sealed record Rejected(Rejection Kind, string Detail, Shortage? Shortage = null) : PoolAnswer;

/// <summary>What would have to be promised in all, what the pool can reach at its largest, and how many replicas of this size it would take.</summary>
public sealed record Shortage(Capacity Needed, Capacity Reachable, int ReplicasNeeded, int MaxReplicas)
{
    public static Shortage Of(Capacity needed, PoolSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var one = settings.PerReplica;
        var replicas = Math.Max(Math.Max(Whole(needed.TokensPerSecond, one.TokensPerSecond), Whole(needed.KvCacheBytes, one.KvCacheBytes)), Whole(needed.Sequences, one.Sequences));
        return new(needed, one * settings.Scaling.MaxReplicas, (int)Math.Min(int.MaxValue, replicas), settings.Scaling.MaxReplicas);
    }

    /// <summary>The limits of a pool keep every size above zero.</summary>
    private static long Whole(long amount, long size) => amount / size + (amount % size > 0 ? 1 : 0);
}

public enum Rejection { PoolUnknown, EntitlementUnknown, KeyUnknown, NotYours, NeverFits, EntitlementNotBound, BudgetExhausted }

/// <summary>What an entitlement may still ask for: sequences in flight, and tokens in its bucket.</summary>
public readonly record struct Headroom(
    int LimitSequences, int RemainingSequences, TimeSpan SequencesReset, long LimitTokens, long RemainingTokens, TimeSpan TokensReset);
