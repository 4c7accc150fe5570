using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>Who is held up by those before it, on a walk through the waiting requests in their order.</summary>
internal struct Turn
{
    private bool _pool;
    private HashSet<EntitlementId>? _entitlements;

    /// <summary>The room that all share is held up, or another request of its entitlement goes first; but nobody holds up what is within its own floor.</summary>
    public readonly bool IsHeldUp(in AdmissionCase request) =>
        (_pool || (_entitlements is not null && _entitlements.Contains(request.Entitlement.Id))) && !IsOwnFloor(request);

    public void HoldUp(in AdmissionCase request, DenialReason reason)
    {
        if (WaitingDecisions.IsShared(reason) && !IsOwnFloor(request)) _pool = true;
        (_entitlements ??= []).Add(request.Entitlement.Id);
    }

    /// <summary>True when all that the request needs is the entitlement's own floor: nobody else could have it.</summary>
    public static bool IsOwnFloor(in AdmissionCase request)
    {
        var (entitlement, need) = (request.Entitlement, request.Need);
        if (!request.Pool.KeepsFloor(entitlement)) return false;
        var idle = entitlement.IdleFloor;
        return need.KvCacheBytes <= idle.KvCacheBytes && need.Sequences <= idle.Sequences && request.Pool.SurplusShare(entitlement, need.Tokens, request.Now) == 0;
    }
}

/// <summary>
/// No newcomer overtakes (domain.md §5.1): it is refused while a request with a better place waits for room in the pool, or one of its own entitlement does, and, where promises are kept, while the room is promised to clients who were told to come back; but nobody
/// holds up what is within its own floor.
/// Holds where requests share the pool's room.
/// </summary>
internal sealed class InTurn() : AdmissionRule(DenialReason.LowPriority)
{
    public static readonly InTurn Rule = new();

    public override bool Passes(ref AdmissionCase request)
    {
        var pool = request.Pool;
        if (pool.Waiting.Count == 0 && pool.Returns.Count == 0) return true;
        if (pool.Settings is not { Shadow: false, Policy: AdmissionPolicy.Threshold or AdmissionPolicy.WeightedShare }) return true;
        return IsInTurn(request) && !RetryAfter.IsPromised(request);
    }

    private static bool IsInTurn(in AdmissionCase request)
    {
        var pool = request.Pool;
        var order = WaitingDecisions.BoundsOf(pool).Order;
        var rank = pool.Waiting.RankOf(order, request.Entitlement, request.Need.Tokens, request.Since);
        var turn = new Turn();
        foreach (var waiting in pool.Waiting.InOrder(order))
        {
            if (waiting.Rank.CompareTo(rank) > 0) return true;
            var other = WaitingDecisions.CaseOf(pool, waiting, request.Now);
            if (turn.IsHeldUp(other)) continue;
            // One whose turn has come takes from the pool as well.
            turn.HoldUp(other, FirstBroken(ref other)?.Reason ?? DenialReason.PoolExhausted);
            if (turn.IsHeldUp(request)) return false;
        }
        return true;
    }

    public override IReadOnlyList<Measure> Measures(in AdmissionCase request) => [new("before it", request.Pool.Waiting.Count + request.Pool.Returns.Count, 0)];
}
