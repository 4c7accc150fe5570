using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>Step 6: room in the pool in every dimension. A protected class stops preemptible requests, lowest weight and newest first, before it is refused.</summary>
internal sealed class PoolRoom() : AdmissionRule(DenialReason.PoolExhausted)
{
    public override bool Passes(ref AdmissionCase request)
    {
        var (kv, sequences) = request.Pool.RoomFor(request.Entitlement);
        var fromSurplus = PoolState.SurplusShare(request.Entitlement, request.Need.Tokens, request.Now);
        if (Fits(request, kv, sequences, 0, fromSurplus)) return true;
        if (!Entitlement.IsReserved(request.Entitlement.Terms.ServiceClass)) return false;

        var victims = new List<Reservation>();
        var tokens = 0L;
        foreach (var victim in request.Pool.Open.Values
            .Where(r => r.Entitlement.Terms.ServiceClass == ServiceClass.Preemptible)
            .OrderBy(r => r.Entitlement.Weight).ThenByDescending(r => r.AdmittedAt).ThenBy(r => r.Request.Value))
        {
            victims.Add(victim);
            kv += victim.Outstanding.KvCacheBytes;
            sequences += victim.Outstanding.Sequences;
            tokens += Math.Min(victim.SurplusTokens, victim.Outstanding.Tokens);
            if (!Fits(request, kv, sequences, tokens, fromSurplus)) continue;
            request.Evicted = victims;
            return true;
        }
        return false;
    }

    public override IReadOnlyList<Measure> Measures(in AdmissionCase request)
    {
        var (kv, sequences) = request.Pool.RoomFor(request.Entitlement);
        var fromSurplus = PoolState.SurplusShare(request.Entitlement, request.Need.Tokens, request.Now);
        List<Measure> measures = [new("kvCacheBytes", request.Need.KvCacheBytes, kv), new("sequences", request.Need.Sequences, sequences)];
        if (fromSurplus > 0) measures.Add(Bucket("surplusTokens", request.Pool.Surplus, fromSurplus, request.Now));
        return measures;
    }

    private static bool Fits(in AdmissionCase request, long kv, int sequences, long tokensBack, long fromSurplus) =>
        request.Need.KvCacheBytes <= kv && request.Need.Sequences <= sequences && request.Pool.Surplus.AllowsAfter(tokensBack, fromSurplus, request.Now);
}
