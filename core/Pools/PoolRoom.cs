using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>
/// Step 6: room in the pool in every dimension. A protected class stops preemptible requests, lowest weight and newest first, before it is refused; and what
/// of its floor is lent out it gets all the same, over capacity until the borrowers end.
/// </summary>
internal sealed class PoolRoom() : AdmissionRule(DenialReason.PoolExhausted)
{
    public override bool Passes(ref AdmissionCase request)
    {
        if (HasRoom(request)) return true;
        if (!Entitlement.IsReserved(request.Entitlement.Terms.ServiceClass)) return false;

        var room = request.Pool.RoomFor(request.Entitlement);
        var fromSurplus = AskedOfSurplus(request);
        var victims = new List<Reservation>();
        var (freed, tokens) = (default(Resources), 0L);
        var shadow = request.Pool.Settings!.Shadow;
        foreach (var victim in request.Pool.Open.Values
            // What is overlooked has no room to give.
            .Where(r => r.Entitlement.Terms.ServiceClass == ServiceClass.Preemptible && !(shadow && r.IsShadow))
            .OrderBy(r => r.Entitlement.Weight).ThenByDescending(r => r.AdmittedAt).ThenBy(r => r.Request.Value))
        {
            victims.Add(victim);
            freed += victim.Outstanding;
            tokens += Math.Min(victim.SurplusTokens, victim.Outstanding.Tokens);
            if (!Fits(request, (room.KvCacheBytes + freed.KvCacheBytes, room.Sequences + freed.Sequences), tokens, fromSurplus)) continue;
            request.Evicted = victims;
            return true;
        }
        if (!Fits(request, LargestRoom(request, freed), tokens, fromSurplus)) return false;
        request.Evicted = victims;
        return true;
    }

    public override IReadOnlyList<Measure> Measures(in AdmissionCase request) => Compare(request, LargestRoom(request, default));

    /// <summary>Room as it is, without anything that would have to end first.</summary>
    public static bool HasRoom(in AdmissionCase request) => Fits(request, request.Pool.RoomFor(request.Entitlement), 0, AskedOfSurplus(request));

    public static IReadOnlyList<Measure> Compare(in AdmissionCase request, (long KvCacheBytes, int Sequences) room)
    {
        var fromSurplus = AskedOfSurplus(request);
        List<Measure> measures = [new("kvCacheBytes", request.Need.KvCacheBytes, room.KvCacheBytes), new("sequences", request.Need.Sequences, room.Sequences)];
        if (fromSurplus > 0) measures.Add(Bucket("surplusTokens", request.Pool.Surplus, fromSurplus, request.Now));
        return measures;
    }

    /// <summary>The room there is, or in a dimension where it is larger the entitlement's own floor, lent out or not.</summary>
    private static (long KvCacheBytes, int Sequences) LargestRoom(in AdmissionCase request, Resources freed)
    {
        var (kv, sequences) = request.Pool.RoomFor(request.Entitlement);
        (kv, sequences) = (kv + freed.KvCacheBytes, sequences + freed.Sequences);
        if (request.Pool.Lendable == default || !request.Pool.KeepsFloor(request.Entitlement)) return (kv, sequences);
        var floor = request.Pool.RoomInFloor(request.Entitlement, freed);
        return (Math.Max(kv, floor.KvCacheBytes), Math.Max(sequences, floor.Sequences));
    }

    private static long AskedOfSurplus(in AdmissionCase request) => request.Pool.SurplusShare(request.Entitlement, request.Need.Tokens, request.Now);

    private static bool Fits(in AdmissionCase request, (long KvCacheBytes, int Sequences) room, long tokensBack, long fromSurplus) =>
        request.Need.KvCacheBytes <= room.KvCacheBytes && request.Need.Sequences <= room.Sequences && request.Pool.Surplus.AllowsAfter(tokensBack, fromSurplus, request.Now);
}
