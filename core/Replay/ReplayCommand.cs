using System.Diagnostics;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Replay;

/// <summary>The command that a recorded event answered: everything a decision depended on is in its events.</summary>
internal static class ReplayCommand
{
    public static PoolCommand Of(ILedgerEvent data, DateTimeOffset at, PoolState before) => data switch
    {
        RequestAdmitted e when before.Waiting.Find(e.Request) is not null => new Drain(),
        RequestDenied e when before.Waiting.Find(e.Request) is not null => new Drain(),
        RequestAdmitted e => new Admit(e.Request, e.Entitlement, e.InputTokens, e.MaxOutputTokens, e.Workload),
        RequestDenied e => new Admit(e.Request, e.Entitlement, e.InputTokens, e.MaxOutputTokens, e.Workload),
        RequestQueued e => new Admit(e.Request, e.Entitlement, e.InputTokens, e.MaxOutputTokens, e.Workload, (long)(e.Until - at).TotalMilliseconds),
        WaitAbandoned e => new Abandon(e.Request, e.Entitlement),
        PrefillReleased e => new ReleasePrefill(e.Request, e.Entitlement),
        ReservationRenewed e => new Renew(e.Request, e.Entitlement),
        ReservationSettled e => new Settle(e.Request, e.InputTokens, e.OutputTokens, e.UsagePosition, AdmissionRecorded: true, e.Entitlement),
        SettlementDeferred e => new Settle(e.Request, e.InputTokens, e.OutputTokens, e.UsagePosition, AdmissionRecorded: false, e.Entitlement),
        ReservationReleased e => new Release(e.Request, e.Entitlement),
        ReservationExpired or EntitlementStateChanged => new Sweep(),
        BooksCarriedForward => new CloseBooks(),
        PoolOpened e => new ConfigurePool(e.Settings),
        PoolReconfigured e => new ConfigurePool(e.Settings),
        EntitlementGranted e => new GrantEntitlement(e.Entitlement, e.Terms),
        EntitlementAmended e => new GrantEntitlement(e.Entitlement, e.Terms),
        EntitlementRevoked e => new RevokeEntitlement(e.Entitlement),
        KeyIssued e => new IssueKey(e.Entitlement, e.Key, e.KeyHash),
        KeyRevoked e => new RevokeKey(e.Entitlement, e.Key),
        BudgetExhausted e => new ExhaustBudget(e.Entitlement, e.MonthlyTokens, e.Until, e.ThresholdPosition),
        LimitsApplied e when e.CapacityPosition > before.CapacityPosition => new ApplyCapacity(e.Replicas, e.CapacityPosition),
        LimitsApplied e => new ApplyLimits(e.Limits, e.LimitsPosition),
        _ => throw new UnreachableException($"No command leads to {data.GetType().Name}."),
    };
}
