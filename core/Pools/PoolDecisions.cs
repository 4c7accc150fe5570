using System.Diagnostics;
using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>Decides commands on a pool: a function of the state, the command and the time. Deciding changes nothing; <see cref="PoolEvolution"/> does.</summary>
public static class PoolDecisions
{
    public static PoolDecision Decide(PoolState pool, PoolCommand command, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(pool);
        if (pool.Settings is null && command is not ConfigurePool)
            return PoolDecision.Nothing(new Rejected(Rejection.PoolUnknown, $"There is no pool '{pool.Id}'."));
        return command switch
        {
            Admit admit => AdmissionDecisions.Decide(pool, admit, now),
            Settle settle => ReservationDecisions.Decide(pool, settle),
            ReleasePrefill prefill => ReservationDecisions.Decide(pool, prefill),
            Renew renew => ReservationDecisions.Decide(pool, renew, now),
            Release release => ReservationDecisions.Decide(pool, release),
            Drain => WaitingDecisions.Drain(pool, now),
            Abandon abandon => WaitingDecisions.Decide(pool, abandon),
            Sweep => ReservationDecisions.Sweep(pool, now),
            CloseBooks => PoolBooks.Decide(pool, now),
            ConfigurePool configure => Configure(pool, configure, now),
            GrantEntitlement grant => EntitlementDecisions.Decide(pool, grant, now),
            RevokeEntitlement revoke => EntitlementDecisions.Decide(pool, revoke, now),
            IssueKey issue => EntitlementDecisions.Decide(pool, issue),
            RevokeKey revoke => EntitlementDecisions.Decide(pool, revoke),
            ExhaustBudget exhaust => BudgetDecisions.Decide(pool, exhaust, now),
            ApplyCapacity capacity => Apply(pool, capacity, now),
            ApplyLimits limits => Apply(pool, limits),
            _ => throw new UnreachableException(),
        };
    }

    private static PoolDecision Configure(PoolState pool, ConfigurePool command, DateTimeOffset now)
    {
        var settings = command.Settings;
        if (pool.Settings is null) return new([new PoolOpened(pool.Id, settings)], new Done(Created: true, Changed: true));
        if (pool.Settings == settings) return PoolDecision.Nothing(new Done(Created: false, Changed: false));
        var largest = PoolState.CapacityOf(settings, settings.Scaling.MaxReplicas);
        if (!pool.Committed.FitsIn(largest))
            return PoolDecision.Nothing(new Rejected(Rejection.NeverFits,
                $"The reserved baselines ({pool.Committed.TokensPerSecond} tokens/s, {pool.Committed.KvCacheBytes} KV bytes, {pool.Committed.Sequences} sequences) do not fit {settings.Scaling.MaxReplicas} replicas of this size.", Shortage.Of(pool.Committed, settings)));
        var replicas = settings.Replicas == pool.Settings.Replicas ? pool.Replicas : settings.Replicas;
        return new([new PoolReconfigured(pool.Id, settings), .. StateChanges(pool, PoolState.CapacityOf(settings, replicas), now)], new Done(Created: false, Changed: true));
    }

    /// <summary>Capacity that really runs is taken into the pool's own stream, with the states it brings.</summary>
    private static PoolDecision Apply(PoolState pool, ApplyCapacity command, DateTimeOffset now)
    {
        if (command.Position <= pool.CapacityPosition) return PoolDecision.Nothing(new Done(Created: false, Changed: false));
        var applied = new LimitsApplied(pool.Id, command.Replicas, command.Position, pool.LimitsPosition, []);
        return new([applied, .. StateChanges(pool, PoolState.CapacityOf(pool.Settings!, command.Replicas), now)], new Done(Created: false, Changed: true));
    }

    private static PoolDecision Apply(PoolState pool, ApplyLimits command)
    {
        if (command.Position <= pool.LimitsPosition) return PoolDecision.Nothing(new Done(Created: false, Changed: false));
        // Without shares to divide a tick brings weights only: the limits are those of the policy, whatever it was when the tick was made.
        var known = command.Limits.Where(l => pool.Entitlements.TryGetValue(l.Entitlement, out var e) && e.IsServed)
            .Select(l => pool.KeepsFloors ? l : l with { Limits = pool.Entitlements[l.Entitlement].Limits }).ToList();
        var applied = new LimitsApplied(pool.Id, pool.Replicas, pool.CapacityPosition, command.Position, known);
        return new([applied], new Done(Created: false, Changed: true));
    }

    internal static IEnumerable<EntitlementStateChanged> StateChanges(PoolState pool, Capacity capacity, DateTimeOffset now) =>
        StateChanges(pool, pool.Entitlements.Values.Select(e => (e.Id, e.Terms, e.State)), capacity, now);

    internal static IEnumerable<EntitlementStateChanged> StateChanges(
        PoolState pool, IEnumerable<(EntitlementId Id, EntitlementTerms Terms, EntitlementState State)> entitlements, Capacity capacity, DateTimeOffset now)
    {
        var before = entitlements.ToList();
        return Binding.States(before, capacity, now).Zip(before)
            .Where(pair => pair.First.State != pair.Second.State)
            .Select(pair => new EntitlementStateChanged(pool.Id, pair.First.Id, pair.Second.State, pair.First.State));
    }
}
