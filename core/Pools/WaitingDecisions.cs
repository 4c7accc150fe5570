using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>Who may wait, whose turn it is, and how a wait ends (domain.md §5.1).</summary>
public static class WaitingDecisions
{
    private static readonly QueueBounds s_defaults = new();

    internal static QueueBounds BoundsOf(PoolState pool) => pool.Settings!.Queue ?? s_defaults;

    /// <summary>True for a refusal that capacity which comes back would undo.</summary>
    internal static bool IsCuredByTime(DenialReason reason) => reason is
        DenialReason.ConcurrencyExceeded or DenialReason.TokensExceeded or DenialReason.KvExceeded or DenialReason.PoolExhausted or DenialReason.LowPriority;

    /// <summary>True for a refusal whose end can be foretold.</summary>
    internal static bool EndsWithTime(DenialReason reason) => IsCuredByTime(reason) || reason == DenialReason.WaitExpired;

    /// <summary>True for a refusal for want of what all share.</summary>
    internal static bool IsShared(DenialReason reason) => reason is DenialReason.PoolExhausted or DenialReason.LowPriority;

    /// <summary>A request whose id waits already waits along with it.</summary>
    internal static PoolDecision Again(WaitingRequest waiting, Admit command)
    {
        var first = waiting.Ask;
        return PoolDecision.Nothing(
            first.Entitlement != command.Entitlement ? new Rejected(Rejection.NotYours, "Another entitlement uses this request id.")
            : (first.InputTokens, first.MaxOutputTokens, first.Workload) != (command.InputTokens, command.MaxOutputTokens, command.Workload)
                ? new Rejected(Rejection.NotYours, "This request id waits with other tokens or another workload.")
            : new Waits(waiting.Request, waiting.Until));
    }

    /// <summary>Lets a refused request wait, if it will and if there is a place: when the room is full, the place of whoever counts least, should that count less than the newcomer.</summary>
    /// <returns>Null when it cannot wait.</returns>
    internal static PoolDecision? Queue(Admit command, AdmissionRule refusing, in AdmissionCase request)
    {
        var (pool, bounds) = (request.Pool, BoundsOf(request.Pool));
        var waitMs = Math.Min(command.WaitMs, bounds.MaxWaitMs);
        if (waitMs <= 0 || bounds.MaxRequests == 0 || !IsCuredByTime(refusing.Reason)) return null;
        WaitingRequest? displaced = null;
        if (pool.Waiting.Count >= bounds.MaxRequests && (displaced = Least(pool, request)) is null) return null;

        var until = request.Now.AddMilliseconds(waitMs);
        var queued = new RequestQueued(
            pool.Id, command.Request, request.Entitlement.Id, request.Entitlement.Terms.Tenant, command.InputTokens, command.MaxOutputTokens, command.Workload, request.Need.Tokens, until);
        if (displaced is null) return new([queued], new Waits(command.Request, until));
        return new([queued, AdmissionDecisions.Refusal(displaced.Ask, DenialReason.LowPriority, CaseOf(pool, displaced, request.Now))], new Waits(command.Request, until));
    }

    /// <summary>The waiting request of the lowest weight, and of those the one that goes last, if the newcomer has more weight, or as much and a better place.</summary>
    private static WaitingRequest? Least(PoolState pool, in AdmissionCase newcomer)
    {
        WaitingRequest? least = null;
        var order = BoundsOf(pool).Order;
        foreach (var waiting in pool.Waiting.InOrder(order))
            if (least is null || waiting.Entitlement.Weight <= least.Entitlement.Weight) least = waiting;
        var rank = pool.Waiting.RankOf(order, newcomer.Entitlement, newcomer.Need.Tokens, newcomer.Since);
        return (newcomer.Entitlement.Weight - least!.Entitlement.Weight) switch
        {
            > 0 => least,
            0 when rank.CompareTo(least.Rank) < 0 => least,
            _ => null,
        };
    }

    /// <summary>
    /// The next end of a wait: the first in the order whose turn it is is admitted, else the first whose time is up is refused. One request per decision, so that each is made on the state that
    /// the one before it left; done when nothing comes. Whoever lacks room in the pool holds up all behind it but those within their own floor; whoever is at its own limits only its entitlement.
    /// </summary>
    internal static PoolDecision Drain(PoolState pool, DateTimeOffset now)
    {
        WaitingRequest? late = null;
        var turn = new Turn();
        foreach (var waiting in pool.Waiting.InOrder(BoundsOf(pool).Order))
        {
            if (waiting.Until <= now) late ??= waiting;
            var request = CaseOf(pool, waiting, now);
            if (turn.IsHeldUp(request)) continue;
            if (AdmissionRule.FirstBroken(ref request) is not { } rule)
            {
                if (!RetryAfter.IsPromised(request)) return AdmissionDecisions.Admission(waiting.Ask, request);
                turn.HoldUp(request, DenialReason.LowPriority);
                continue;
            }
            if (!IsCuredByTime(rule.Reason)) return AdmissionDecisions.Deny(waiting.Ask, rule.Reason, request);
            turn.HoldUp(request, rule.Reason);
        }
        if (late is null) return PoolDecision.Nothing(new Done(Created: false, Changed: false));
        var over = CaseOf(pool, late, now);
        return AdmissionDecisions.Deny(late.Ask, AdmissionRule.FirstBroken(ref over) is { } broken && !IsCuredByTime(broken.Reason) ? broken.Reason : DenialReason.WaitExpired, over);
    }

    /// <summary>Nobody would hear the answer any more.</summary>
    internal static PoolDecision Decide(PoolState pool, Abandon command) => new(
        pool.Waiting.Find(command.Request) is { } waiting && waiting.Entitlement.Id == command.Entitlement ? [new WaitAbandoned(pool.Id, command.Request, command.Entitlement)] : [],
        new Done(Created: false, Changed: false));

    /// <summary>When a wait may end without any event: the first deadline, or the moment at which a bucket holds what a request needs that is not held up. Null when nobody waits.</summary>
    public static DateTimeOffset? NextMoment(PoolState pool, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(pool);
        if (pool.Waiting.Count == 0) return null;
        var next = DateTimeOffset.MaxValue;
        var turn = new Turn();
        foreach (var waiting in pool.Waiting.InOrder(BoundsOf(pool).Order))
        {
            if (waiting.Until < next) next = waiting.Until;
            var request = CaseOf(pool, waiting, now);
            if (turn.IsHeldUp(request)) continue;
            var reason = AdmissionRule.FirstBroken(ref request)?.Reason ?? DenialReason.LowPriority;
            turn.HoldUp(request, reason);
            var (entitlement, tokens) = (request.Entitlement, request.Need.Tokens);
            ReadOnlySpan<TimeSpan?> fills = reason == DenialReason.TokensExceeded
                ? [entitlement.Rate.TimeUntil(tokens, now)]
                : [pool.Surplus.TimeUntil(pool.SurplusShare(entitlement, tokens, now), now), entitlement.Baseline.TimeUntil(tokens, now)];
            foreach (var filled in fills)
                if (filled > TimeSpan.Zero && next - now > filled) next = now + filled.Value;
        }
        // Room that is kept for somebody who was told to come back is kept no longer than this.
        if (pool.Returns.InTime.FirstOrDefault(told => told.At + ToldReturns.Grace >= now) is { } first && first.At + ToldReturns.Grace < next)
            next = first.At + ToldReturns.Grace + TimeSpan.FromMicroseconds(1);
        return next;
    }

    internal static AdmissionCase CaseOf(PoolState pool, WaitingRequest waiting, DateTimeOffset now) =>
        AdmissionDecisions.CaseOf(pool, waiting.Entitlement, waiting.Ask, now);
}
