using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>Grants, amendments, revocations and keys.</summary>
internal static class EntitlementDecisions
{
    public static PoolDecision Decide(PoolState pool, GrantEntitlement command, DateTimeOffset now)
    {
        var current = pool.Entitlements.GetValueOrDefault(command.Entitlement);
        var isNew = current is null or { State: EntitlementState.Revoked };
        if (!isNew && current!.Terms == command.Terms) return PoolDecision.Nothing(new Done(Created: false, Changed: false));

        if (Refusal(pool, current, command.Terms) is { } refusal) return PoolDecision.Nothing(refusal);
        var state = isNew ? EntitlementState.Pending : current!.State;
        var after = pool.Entitlements.Values.Where(e => e.Id != command.Entitlement).Select(e => (e.Id, e.Terms, e.State)).ToList();
        after.Insert(current is null || isNew ? after.Count : pool.Entitlements.IndexOf(command.Entitlement), (command.Entitlement, command.Terms, state));
        ILedgerEvent granted = isNew
            ? new EntitlementGranted(pool.Id, command.Entitlement, command.Terms)
            : new EntitlementAmended(pool.Id, command.Entitlement, command.Terms);
        return new([granted, .. PoolDecisions.StateChanges(pool, after, pool.Capacity, now)], new Done(isNew, Changed: true));
    }

    /// <summary>A reserved baseline is promised only if the pool at its largest can keep all its promises.</summary>
    private static Rejected? Refusal(PoolState pool, Entitlement? current, EntitlementTerms terms)
    {
        var others = Binding.Reserved(pool.Entitlements.Values.Where(e => e != current));
        var wanted = Entitlement.IsReserved(terms.ServiceClass) ? others + terms.Baseline : others;
        var largest = pool.LargestCapacity;
        if (wanted.FitsIn(largest) && terms.Baseline.FitsIn(largest)) return null;
        var (free, shortage) = (largest.Less(others), Shortage.Of(Entitlement.IsReserved(terms.ServiceClass) ? wanted : terms.Baseline, pool.Settings!));
        return new Rejected(Rejection.NeverFits,
            $"At its largest the pool can promise {free.TokensPerSecond} tokens/s, {free.KvCacheBytes} KV bytes and {free.Sequences} sequences more; the baseline asks for {terms.Baseline.TokensPerSecond}, {terms.Baseline.KvCacheBytes} and {terms.Baseline.Sequences}. "
            + $"It would take {shortage.ReplicasNeeded} replicas, and scaling.maxReplicas is {shortage.MaxReplicas}.", shortage);
    }

    public static PoolDecision Decide(PoolState pool, RevokeEntitlement command, DateTimeOffset now)
    {
        if (!pool.Entitlements.TryGetValue(command.Entitlement, out var entitlement)) return Unknown(pool, command.Entitlement);
        if (entitlement.State == EntitlementState.Revoked) return PoolDecision.Nothing(new Done(Created: false, Changed: false));
        var after = pool.Entitlements.Values.Select(e => (e.Id, e.Terms, e == entitlement ? EntitlementState.Revoked : e.State));
        return new(
            [new EntitlementRevoked(pool.Id, command.Entitlement), .. PoolDecisions.StateChanges(pool, after, pool.Capacity, now)],
            new Done(Created: false, Changed: true));
    }

    public static PoolDecision Decide(PoolState pool, IssueKey command)
    {
        if (!pool.Entitlements.TryGetValue(command.Entitlement, out var entitlement)) return Unknown(pool, command.Entitlement);
        if (entitlement.State is EntitlementState.Revoked or EntitlementState.Expired)
            return PoolDecision.Nothing(new Rejected(Rejection.EntitlementNotBound, $"Entitlement '{command.Entitlement}' has ended."));
        return new([new KeyIssued(pool.Id, command.Entitlement, command.Key, command.KeyHash)], new Done(Created: true, Changed: true));
    }

    public static PoolDecision Decide(PoolState pool, RevokeKey command)
    {
        if (!pool.Entitlements.TryGetValue(command.Entitlement, out var entitlement)) return Unknown(pool, command.Entitlement);
        return entitlement.Keys.Contains(command.Key)
            ? new([new KeyRevoked(pool.Id, command.Entitlement, command.Key)], new Done(Created: false, Changed: true))
            : PoolDecision.Nothing(new Rejected(Rejection.KeyUnknown, $"Entitlement '{command.Entitlement}' has no key '{command.Key}'."));
    }

    private static PoolDecision Unknown(PoolState pool, EntitlementId id) =>
        PoolDecision.Nothing(new Rejected(Rejection.EntitlementUnknown, $"Pool '{pool.Id}' has no entitlement '{id}'."));
}
