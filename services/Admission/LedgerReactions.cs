using Microsoft.Extensions.Options;
using TokenLedger.Admission.Pools;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Admission;

/// <summary>What Admission does about the other services' events. Each reaction is idempotent: a settled request is not settled again, an older position is not applied.</summary>
internal sealed class LedgerReactions(PoolWriters pools, LedgerDirectory directory, LimitsAge limits, IOptions<AdmissionOptions> options)
{
    /// <summary>Usage settles the reservation it belongs to. Where nobody could tell the pool, the request was not admitted yet: each pool keeps it for when it is.</summary>
    public async Task SettleAsync(IReadOnlyList<RecordedEvent> events, CancellationToken ct)
    {
        foreach (var chunk in events.Chunk(options.Value.SettlementBatch))
            await Task.WhenAll(chunk.SelectMany(recorded => Settlements(recorded, (TokensConsumed)recorded.Data)).Select(to => pools.SendAsync(to.Pool, to.Command, ct)));
    }

    private IEnumerable<(PoolId Pool, Settle Command)> Settlements(RecordedEvent recorded, TokensConsumed e)
    {
        var settle = new Settle(e.Request, e.InputTokens, e.OutputTokens, recorded.Position, AdmissionRecorded: false, e.Entitlement);
        return (e.Pool is { } known ? [known] : directory.Pools).Select(pool => (pool, settle));
    }

    /// <summary>Capacity that the fleet reports is taken into the pool.</summary>
    public async Task ApplyCapacityAsync(IReadOnlyList<RecordedEvent> events, CancellationToken ct)
    {
        foreach (var recorded in events)
            if (recorded.Data is CapacityChanged e) await pools.SendAsync(e.Pool, new ApplyCapacity(e.Replicas, recorded.Position), ct);
    }

    /// <summary>A budget that is wholly consumed stops its entitlement, where it says so.</summary>
    public async Task StopAsync(IReadOnlyList<RecordedEvent> events, CancellationToken ct)
    {
        foreach (var recorded in events)
            if (recorded.Data is BudgetThresholdReached { Percent: 100, HardStop: true } e) await pools.SendAsync(e.Pool, new ExhaustBudget(e.Entitlement, e.MonthlyTokens, e.Until, recorded.Position), ct);
    }

    /// <summary>Limits that Fairness adjusts are taken into the pool.</summary>
    public async Task ApplyLimitsAsync(IReadOnlyList<RecordedEvent> events, CancellationToken ct)
    {
        foreach (var recorded in events)
        {
            if (recorded.Data is not LimitsAdjusted e) continue;
            await pools.SendAsync(e.Pool, ApplyLimits.Of(e, recorded.Position), ct);
            limits.Applied(e.Pool);
        }
    }
}
