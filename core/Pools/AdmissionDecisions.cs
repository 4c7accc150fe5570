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
        var request = new AdmissionCase(pool, entitlement, NeedOf(pool, command), now);
        if (AdmissionRule.FirstBroken(ref request) is { } rule)
            return rule.Reason == DenialReason.EntitlementNotBound
                ? PoolDecision.Nothing(new Rejected(Rejection.EntitlementNotBound, $"Entitlement '{command.Entitlement}' is {Describe(entitlement, now)}."))
                : Deny(command, rule, request);

        var (need, evicted) = (request.Need, request.Evicted);
        var admitted = new RequestAdmitted(
            pool.Id, command.Request, entitlement.Id, entitlement.Terms.Tenant, command.InputTokens, command.MaxOutputTokens, command.Workload,
            need.Tokens - command.InputTokens, need, entitlement.Weight, now.AddSeconds(pool.Settings!.LeaseSeconds), request.ShadowDenial);
        var events = new List<ILedgerEvent>(evicted.Count + 2);
        foreach (var victim in evicted)
            events.Add(new ReservationEvicted(pool.Id, victim.Request, victim.Entitlement.Id, victim.Outstanding, command.Request));
        events.Add(admitted);
        if (pool.Deferred.TryGetValue(command.Request, out var usage) && (usage.Entitlement ?? entitlement.Id) == entitlement.Id)
            events.Add(ReservationDecisions.Settlement(pool, command.Request, entitlement.Id, need, need, usage.InputTokens, usage.OutputTokens, usage.UsagePosition));
        return new(events, new Admitted(admitted, HeadroomAfter(entitlement, need, now)));
    }

    /// <summary>What a request would hold; an output limit it does not name is the pool's.</summary>
    internal static Resources NeedOf(PoolState pool, Admit command)
    {
        var tokens = command.InputTokens + (command.MaxOutputTokens ?? pool.Settings!.DefaultMaxOutputTokens);
        return new(tokens, tokens * pool.Settings!.KvBytesPerToken, 1);
    }

    /// <summary>What a refused client is told to wait, in whole milliseconds: at least a second, and nothing where waiting is in vain.</summary>
    internal static long RetryAfterMs(AdmissionRule rule, in AdmissionCase request) => rule.Reason == DenialReason.NeverFits
        ? 0
        : (long)Math.Ceiling(Math.Max(s_shortestRetry.TotalMilliseconds, rule.Wait(request).Span.TotalMilliseconds));

    private static PoolDecision Deny(Admit command, AdmissionRule rule, in AdmissionCase request)
    {
        var entitlement = request.Entitlement;
        var denied = new RequestDenied(
            request.Pool.Id, command.Request, entitlement.Id, entitlement.Terms.Tenant, command.InputTokens, command.MaxOutputTokens, command.Workload,
            request.Need.Tokens, rule.Reason, RetryAfterMs(rule, request));
        return new([denied], new Denied(denied, HeadroomAfter(entitlement, default, request.Now)));
    }

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
