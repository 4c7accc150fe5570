using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Replay;

/// <summary>One rule with what it compared. A rule after the one that decided was not asked; its verdict says what it would have been.</summary>
public sealed record ExplainedRule(DenialReason Rule, bool Passes, bool WasAsked, IReadOnlyList<Measure> Measures);

/// <summary>The entitlement just before the decision. Tokens is the level of its bucket, negative in debt; room is what the pool could give it: free, less what is kept of the idle floors of others.</summary>
public sealed record EntitlementBefore(
    ServiceClass ServiceClass, EntitlementState State, Capacity Baseline, Capacity Limits, Resources InFlight, long Tokens, long BucketTokens,
    long RoomKvCacheBytes, int RoomSequences, double Debt, double Burst, double Weight, TimeSpan? MeanHold);

/// <summary>The pool just before the decision. Floors are the baselines kept free for those who have them; surplus is the level of the bucket that all others share.</summary>
public sealed record PoolBefore(int Replicas, Capacity Capacity, Resources Held, Capacity Floors, long SurplusTokens, int OpenReservations);

/// <summary>Why a request was admitted or refused, told by the very rules that decide.</summary>
/// <param name="Policy">The policy whose rules were asked.</param>
/// <param name="OutputTokens">The output that is reserved.</param>
/// <param name="OutputIsTheDefault">The output limit is the pool's, as the request named none.</param>
/// <param name="Refused">The rule that decided; null when all passed, or when shadow mode overlooked it.</param>
/// <param name="ShadowDenial">In shadow mode: the rule that would have refused it.</param>
/// <param name="Evicted">The preemptible requests that were stopped to make room.</param>
public sealed record AdmissionExplanation(
    DateTimeOffset At, AdmissionPolicy Policy, RequestId Request, EntitlementId Entitlement, TenantId Tenant, long InputTokens, long OutputTokens, long OutputLimit, bool OutputIsTheDefault, Resources Need,
    PoolBefore Pool, EntitlementBefore Before, IReadOnlyList<ExplainedRule> Rules, DenialReason? Refused, DenialReason? ShadowDenial, long? RetryAfterMs, RetryBasis? RetryBasis, IReadOnlyList<RequestId> Evicted)
{
    public bool Admitted => Refused is null;

    /// <summary>Explains a request on the state before it.</summary>
    /// <exception cref="KeyNotFoundException">The pool has no such entitlement.</exception>
    public static AdmissionExplanation Of(PoolState pool, Admit command, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentNullException.ThrowIfNull(command);
        var entitlement = pool.Entitlements[command.Entitlement];
        var request = AdmissionDecisions.CaseOf(pool, entitlement, command, now);
        var rules = new List<ExplainedRule>();
        AdmissionRule? broken = null;
        foreach (var rule in AdmissionRule.Of(pool.Settings!.Policy))
        {
            var passes = rule.Passes(ref request);
            rules.Add(new(rule.Reason, passes, WasAsked: broken is null, rule.Measures(request)));
            if (!passes) broken ??= rule;
        }
        var overlooked = broken?.IsOverlooked(ref request) == true ? broken.Reason : (DenialReason?)null;
        var refusing = overlooked is null ? broken : null;
        // Whoever waits is asked when its turn has come.
        if (broken is null && pool.Waiting.Find(command.Request) is null && !InTurn.Rule.Passes(ref request))
        {
            refusing = broken = InTurn.Rule;
            rules.Add(new(broken.Reason, Passes: false, WasAsked: true, broken.Measures(request)));
        }
        var retry = refusing is null ? default(RetryWait?) : AdmissionDecisions.RetryOf(refusing.Reason, request);
        return new(
            now, pool.Settings!.Policy, command.Request, command.Entitlement, entitlement.Terms.Tenant, command.InputTokens, request.Need.Tokens - command.InputTokens, OutputReservation.LimitOf(pool, command), command.MaxOutputTokens is null, request.Need,
            new(pool.Replicas, pool.Capacity, pool.Held, pool.KeptFloors, pool.Surplus.TokensAt(now), pool.Open.Count), Look(pool, entitlement, now), rules,
            refusing?.Reason, overlooked, retry is { } wait ? AdmissionDecisions.RetryAfterMs(wait) : null, retry?.Basis,
            broken is null ? [.. request.Evicted.Select(victim => victim.Request)] : []);
    }

    private static EntitlementBefore Look(PoolState pool, Entitlement e, DateTimeOffset now)
    {
        var (kv, sequences) = pool.RoomFor(e);
        return new(e.Terms.ServiceClass, e.State, e.Terms.Baseline, e.Limits, e.Held, e.Rate.TokensAt(now), e.Rate.DepthTokens, kv, sequences, e.Debt, e.Burst, e.Weight, e.MeanHold);
    }
}
