using System.Globalization;
using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>Whether a request is admitted: the rules of domain.md §5 in their order (<see cref="AdmissionRule"/>), the first failure answers.</summary>
public static class AdmissionDecisions
{
    /// <summary>What a client is told to wait when nothing in the ledger says when capacity returns.</summary>
    public static readonly TimeSpan RetryWithoutCapacity = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_shortestRetry = TimeSpan.FromSeconds(1);

    internal static PoolDecision Decide(PoolState pool, Admit command, DateTimeOffset now)
    {
        if (pool.Open.TryGetValue(command.Request, out var open))
            return PoolDecision.Nothing(open.Entitlement.Id == command.Entitlement
                ? new AlreadyOpen()
                : new Rejected(Rejection.NotYours, "Another entitlement uses this request id."));
        if (!pool.Entitlements.TryGetValue(command.Entitlement, out var entitlement))
            return PoolDecision.Nothing(new Rejected(Rejection.EntitlementUnknown, $"Pool '{pool.Id}' has no entitlement '{command.Entitlement}'."));
        if (pool.Waiting.Find(command.Request) is { } waiting) return WaitingDecisions.Again(waiting, command);
        var request = CaseOf(pool, entitlement, command, now);
        if ((AdmissionRule.FirstBroken(ref request) ?? (InTurn.Rule.Passes(ref request) ? null : InTurn.Rule)) is not { } rule) return Admission(command, request);
        if (rule.Reason == DenialReason.BudgetExhausted) return PoolDecision.Nothing(new Rejected(Rejection.BudgetExhausted, string.Create(
            CultureInfo.InvariantCulture, $"Entitlement '{command.Entitlement}' has consumed its budget of this month. It is served again from {entitlement.ExhaustedUntil:yyyy-MM-ddTHH:mm:ssZ}, or with a larger budget.")));
        return rule.Reason == DenialReason.EntitlementNotBound
            ? PoolDecision.Nothing(new Rejected(Rejection.EntitlementNotBound, $"Entitlement '{command.Entitlement}' is {Describe(entitlement, now)}."))
            : WaitingDecisions.Queue(command, rule, request) ?? Deny(command, rule.Reason, request);
    }

    /// <summary>Admits a request that has passed, with the evictions that make room for it.</summary>
    internal static PoolDecision Admission(Admit command, in AdmissionCase request)
    {
        var (pool, entitlement, need, now) = (request.Pool, request.Entitlement, request.Need, request.Now);
        var admitted = new RequestAdmitted(
            pool.Id, command.Request, entitlement.Id, entitlement.Terms.Tenant, command.InputTokens, command.MaxOutputTokens, command.Workload,
            need.Tokens - command.InputTokens, need, entitlement.Weight, now.AddSeconds(pool.Settings!.LeaseSeconds), request.ShadowDenial);
        var events = new List<ILedgerEvent>(request.Evicted.Count + 2);
        foreach (var victim in request.Evicted)
            events.Add(new ReservationEvicted(pool.Id, victim.Request, victim.Entitlement.Id, victim.Outstanding, command.Request));
        events.Add(admitted);
        if (pool.Deferred.TryGetValue(command.Request, out var usage) && (usage.Entitlement ?? entitlement.Id) == entitlement.Id)
            events.Add(ReservationDecisions.Settlement(pool, command.Request, entitlement.Id, need, need, usage.InputTokens, usage.OutputTokens, usage.UsagePosition));
        return new(events, new Admitted(admitted, HeadroomAfter(entitlement, need, now)));
    }

    internal static AdmissionCase CaseOf(PoolState pool, Entitlement entitlement, Admit command, DateTimeOffset now) =>
        new(pool, entitlement, NeedOf(pool, command, OutputReservation.Of(pool, entitlement, command)), now) { Most = MostOf(pool, command), Request = command.Request, Since = pool.Waiting.Find(command.Request)?.Since ?? pool.Returns.Find(command.Request, entitlement.Id)?.ToldAt ?? now };

    /// <summary>What a request would hold if it came to its output limit.</summary>
    internal static Resources MostOf(PoolState pool, Admit command) => NeedOf(pool, command, OutputReservation.LimitOf(pool, command));

    private static Resources NeedOf(PoolState pool, Admit command, long outputTokens)
    {
        var tokens = command.InputTokens + outputTokens;
        return new(tokens, tokens * pool.Settings!.KvBytesPerToken, 1);
    }

    /// <summary>What a refused client is told to wait, in whole milliseconds: at least a second, and nothing where waiting is in vain.</summary>
    internal static long RetryAfterMs(in RetryWait wait) =>
        wait.Basis == RetryBasis.Never ? 0 : (long)Math.Ceiling(Math.Max(s_shortestRetry.TotalMilliseconds, wait.Span.TotalMilliseconds));

    /// <summary>When to come back after a refusal, and how that is known. A client that comes too early is told its time again.</summary>
    internal static RetryWait RetryOf(DenialReason reason, in AdmissionCase request) => reason switch
    {
        DenialReason.NeverFits or DenialReason.EntitlementNotBound or DenialReason.BudgetExhausted => new(TimeSpan.Zero, RetryBasis.Never),
        DenialReason.NoCapacity => new(RetryWithoutCapacity, RetryBasis.NothingKnown),
        _ when !WaitingDecisions.BoundsOf(request.Pool).KeepPromises => RetryEstimate.Of(request),
        _ when request.Pool.Returns.Find(request.Request, request.Entitlement.Id) is { } told && told.At > request.Now => new(told.At - request.Now, RetryBasis.Told),
        _ => RetryAfter.Of(request),
    };

    internal static PoolDecision Deny(Admit command, DenialReason reason, in AdmissionCase request)
    {
        var denied = Refusal(command, reason, request);
        return new([denied], new Denied(denied, HeadroomAfter(request.Entitlement, default, request.Now)));
    }

    internal static RequestDenied Refusal(Admit command, DenialReason reason, in AdmissionCase request) => new(
        request.Pool.Id, command.Request, request.Entitlement.Id, request.Entitlement.Terms.Tenant, command.InputTokens, command.MaxOutputTokens, command.Workload,
        request.Need.Tokens, reason, RetryAfterMs(RetryOf(reason, request)));

    /// <summary>What is left to an entitlement once it holds <paramref name="taken"/> more.</summary>
    public static Headroom HeadroomAfter(Entitlement entitlement, Resources taken, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(entitlement);
        var held = entitlement.Held.Sequences + taken.Sequences;
        var bucket = entitlement.Rate;
        var missing = bucket.TimeUntilFull(now) + (bucket.Rate == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)taken.Tokens / bucket.Rate));
        return new(
            entitlement.Limits.Sequences, Math.Max(0, entitlement.Limits.Sequences - held),
            held == 0 ? TimeSpan.Zero : (entitlement.MeanHold ?? TimeSpan.FromSeconds(1)) / held,
            bucket.DepthTokens, Math.Max(0, bucket.TokensAt(now) - taken.Tokens), missing);
    }

    private static string Describe(Entitlement entitlement, DateTimeOffset now) =>
        now < entitlement.Terms.ValidFrom ? "not valid yet" : now >= entitlement.Terms.ValidTo ? "not valid any more" : entitlement.State.ToString().ToLowerInvariant();
}
