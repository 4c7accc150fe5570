using TokenLedger.Contracts;
using TokenLedger.Core.Metering;
using TokenLedger.Ledger;

namespace TokenLedger.Metering.Budgets;

/// <summary>
/// Records when an entitlement has consumed 50, 80 and 100 % of its month's budget. It looks after each batch of the view at the entitlements in it, and after a start or a failure at all of them,
/// so a crash in between loses nothing; the ids keep a threshold from being recorded twice.
/// </summary>
internal sealed class BudgetWatch(ILedger ledger, ConsumedTokens consumed, TimeProvider clock)
{
    private static readonly int[] s_percents = [50, 80, 100];
    private readonly HashSet<Guid> _recorded = [];
    private bool _knowsAll;

    /// <summary>True after a start or a failure, until it has looked at all.</summary>
    public bool IsBehind => !_knowsAll;

    public async Task LookAsync(IReadOnlyList<RecordedEvent> events, BillingBook book, CancellationToken ct)
    {
        var now = BillingMonth.Of(clock.GetUtcNow());
        var touched = events.Select(recorded => KeyOf(recorded.Data, now)).OfType<(PoolId Pool, EntitlementId Entitlement, BillingMonth Month)>();
        var all = _knowsAll ? [] : book.Commitments.Budgeted.Select(one => (one.Pool, one.Entitlement, now));
        _knowsAll = false;
        foreach (var (pool, entitlement, month) in touched.Concat(all).Distinct())
            if (book.Commitments.TermsOf(pool, entitlement) is { Budget: not null } terms) await LookAsync(pool, entitlement, month, terms, ct);
        _knowsAll = true;
    }

    private static (PoolId, EntitlementId, BillingMonth)? KeyOf(ILedgerEvent data, BillingMonth now) => data switch
    {
        TokensConsumed { Pool: { } pool, Entitlement: { } entitlement } e => (pool, entitlement, BillingMonth.Of(e.CompletedAt)),
        UsageCorrected { Pool: { } pool, Entitlement: { } entitlement } e => (pool, entitlement, BillingMonth.Of(e.CompletedAt)),
        EntitlementGranted e => (e.Pool, e.Entitlement, now),
        EntitlementAmended e => (e.Pool, e.Entitlement, now),
        _ => null,
    };

    private async Task LookAsync(PoolId pool, EntitlementId entitlement, BillingMonth month, EntitlementTerms terms, CancellationToken ct)
    {
        var budget = terms.Budget!;
        var ids = s_percents.Select(percent => (Percent: percent, Id: EventIds.Budget(pool, entitlement, month.ToString(), budget, percent))).Where(one => !_recorded.Contains(one.Id)).ToList();
        if (ids.Count == 0) return;
        var used = await consumed.OfAsync(pool, entitlement, month, ct);
        var reached = ids.Where(one => (Int128)used * 100 >= (Int128)budget.MonthlyTokens * one.Percent).ToList();
        if (reached.Count == 0) return;
        _recorded.UnionWith((await ledger.FindAsync([.. reached.Select(one => one.Id)], ct)).Select(recorded => recorded.Id));
        foreach (var (percent, id) in reached)
            if (!_recorded.Contains(id))
                await RecordAsync(id, new(pool, entitlement, terms.Tenant, month.ToString(), percent, budget.MonthlyTokens, used, budget.HardStop, month.End), ct);
    }

    private async Task RecordAsync(Guid id, BudgetThresholdReached reached, CancellationToken ct)
    {
        while (_recorded.Add(id))
        {
            try
            {
                await ledger.AppendAsync(Streams.Budgets, await ledger.VersionAsync(Streams.Budgets, ct), [new(id, clock.GetUtcNow().ToLedgerTime(), reached)], ct);
            }
            catch (DuplicateEventException)
            {
                // Another instance was sooner.
            }
            catch (VersionConflictException)
            {
                _recorded.Remove(id); // Another instance recorded something: once more.
            }
            catch
            {
                _recorded.Remove(id);
                throw;
            }
        }
    }
}
