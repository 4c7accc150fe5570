using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>The hard stop of a budget: taken into the pool's own stream, so that a replay needs no other.</summary>
internal static class BudgetDecisions
{
    /// <summary>Nothing changes when the month is over, the budget was amended since it was counted, or the stop is known.</summary>
    public static PoolDecision Decide(PoolState pool, ExhaustBudget command, DateTimeOffset now)
    {
        var entitlement = pool.Entitlements.GetValueOrDefault(command.Entitlement);
        var stops = entitlement is not null && entitlement.State != EntitlementState.Revoked && now < command.Until && !(entitlement.ExhaustedUntil >= command.Until)
            && entitlement.Terms.Budget == new EntitlementBudget(command.MonthlyTokens, HardStop: true);
        return stops
            ? new([new BudgetExhausted(pool.Id, command.Entitlement, command.MonthlyTokens, command.Until, command.Position)], new Done(Created: false, Changed: true))
            : PoolDecision.Nothing(new Done(Created: false, Changed: false));
    }

    /// <summary>A stop outlasts an amendment unless the budget is raised, made soft or taken away; should the raised one be consumed too, Metering says so again.</summary>
    public static DateTimeOffset? After(Entitlement entitlement, EntitlementTerms amended) =>
        amended.Budget is { HardStop: true } budget && budget.MonthlyTokens <= entitlement.Terms.Budget?.MonthlyTokens ? entitlement.ExhaustedUntil : null;
}
