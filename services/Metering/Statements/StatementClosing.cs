using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Core.Metering;
using TokenLedger.Hosting;
using TokenLedger.Ledger;
using TokenLedger.Ledger.Sealing;
using TokenLedger.Metering.Views;

namespace TokenLedger.Metering.Statements;

/// <summary>What a run did.</summary>
internal sealed record ClosingResult(IReadOnlyList<string> Periods, int Statements);

/// <summary>
/// Closes the months that are due, one after another, and issues their statements. It may be killed anywhere and run by several at once: the ids of what it writes are derived from the month and the tenant,
/// so the ledger takes each once, and the next run begins with what the last one left undone.
/// </summary>
internal sealed class StatementClosing(
    ILedger ledger, BillingLines lines, SealedTree tree, [FromKeyedServices(UsageProjection.FollowerName)] LedgerFollower view, IOptions<MeteringOptions> options, TimeProvider clock)
{
    private const int PageSize = 1_000;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    public async Task<ClosingResult> RunAsync(CancellationToken ct)
    {
        var (closed, issued) = (new List<string>(), 0);
        var periods = await PeriodsAsync(ct);
        if (periods.Count > 0) issued += await IssueAsync(periods, ct);
        while (await DueAsync(periods, ct) is { } month)
        {
            if (await CloseAsync(month, periods.Count, ct)) closed.Add(month.ToString());
            periods = await PeriodsAsync(ct);
            issued += await IssueAsync(periods, ct);
        }
        return new(closed, issued);
    }

    /// <summary>The closed months in their order, as they were recorded.</summary>
    public async Task<IReadOnlyList<RecordedEvent>> PeriodsAsync(CancellationToken ct)
    {
        List<RecordedEvent> periods = [];
        while (await ledger.ReadStreamAsync(Streams.Periods, periods.Count, PageSize, ct) is { Count: > 0 } page) periods.AddRange(page);
        return periods;
    }

    /// <summary>When a month is closed at the earliest.</summary>
    public DateTimeOffset ClosesAt(BillingMonth month) => month.End + options.Value.CloseAfter;

    /// <summary>The next month to close: the one after the last, at first that of the ledger's first event. Null while it is not due.</summary>
    private async Task<BillingMonth?> DueAsync(IReadOnlyList<RecordedEvent> periods, CancellationToken ct)
    {
        if (periods.Count > 0) return IfDue(MonthOf(periods[^1]).Next);
        var first = await ledger.ReadAllAsync(0, 1, types: null, stream: null, ct);
        return first.Events.Count == 0 ? null : IfDue(BillingMonth.Of(first.Events[0].Timestamp));
    }

    private BillingMonth? IfDue(BillingMonth month) => ClosesAt(month) <= clock.GetUtcNow() ? month : null;

    /// <returns>False when another run was sooner.</returns>
    private async Task<bool> CloseAsync(BillingMonth month, long version, CancellationToken ct)
    {
        var closed = new BillingPeriodClosed(month.ToString(), month.Start, month.End);
        try
        {
            await ledger.AppendAsync(Streams.Periods, version, [new(EventIds.PeriodClosed(closed.Period), clock.GetUtcNow().ToLedgerTime(), closed)], ct);
            return true;
        }
        catch (Exception error) when (error is VersionConflictException or DuplicateEventException)
        {
            return false;
        }
    }

    /// <summary>Issues the statements of the last closed month that are missing.</summary>
    private async Task<int> IssueAsync(IReadOnlyList<RecordedEvent> periods, CancellationToken ct)
    {
        var close = periods[^1];
        var bills = await BillsAsync(close, periods.Count > 1 ? MonthOf(periods[^2]) : null, ct);
        var month = MonthOf(close).ToString();
        var there = (await ledger.FindAsync([.. bills.Select(bill => EventIds.Statement(bill.Tenant, month))], ct)).Select(e => e.Id).ToHashSet();
        var missing = bills.Where(bill => !there.Contains(EventIds.Statement(bill.Tenant, month))).ToList();
        if (missing.Count == 0) return 0;
        var root = Convert.ToBase64String((await RootAsync(close.Position, ct)).Span);
        var issued = 0;
        foreach (var bill in missing)
            if (await IssueAsync(close, bill, root, ct)) issued++;
        return issued;
    }

    private async Task<IReadOnlyList<TenantBill>> BillsAsync(RecordedEvent close, BillingMonth? previous, CancellationToken ct)
    {
        await ReachAsync(close.Position, ct);
        // From its close on the lines of a month stand still, so it does not matter how far beyond it the view is.
        return TenantBills.Of((await lines.ReadAsync(previous, MonthOf(close), tenant: null, ct)).Lines, previous, MonthOf(close));
    }

    private async Task ReachAsync(long position, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(options.Value.ClosingPatience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            await view.WaitForAsync(position, either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The view of consumption did not reach position {position} in time.");
        }
    }

    private async Task<ReadOnlyMemory<byte>> RootAsync(long size, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        while ((await tree.HeadAsync(ct)).Size < size)
        {
            if (clock.GetElapsedTime(began) > options.Value.ClosingPatience) throw new TimeoutException($"The ledger was not sealed up to position {size} in time.");
            await Task.Delay(s_look, clock, ct);
        }
        return await tree.RootAsync(size, ct);
    }

    /// <returns>False when another run was sooner.</returns>
    private async Task<bool> IssueAsync(RecordedEvent close, TenantBill bill, string root, CancellationToken ct)
    {
        var period = (BillingPeriodClosed)close.Data;
        var statement = new StatementIssued(
            bill.Tenant, period.Period, period.Start, period.End, options.Value.Currency, options.Value.Issuer, bill.TotalTokens, bill.TotalMicros,
            bill.FirstPosition, close.Position, close.Position, root, bill.Lines);
        var id = EventIds.Statement(bill.Tenant, period.Period);
        while (true)
        {
            try
            {
                var version = await ledger.VersionAsync(Streams.Statements, ct);
                await ledger.AppendAsync(Streams.Statements, version, [new(id, clock.GetUtcNow().ToLedgerTime(), statement, CausationId: close.Id.ToString())], ct);
                return true;
            }
            catch (DuplicateEventException)
            {
                return false;
            }
            catch (VersionConflictException)
            {
                // Another run issues too. If it was this very statement, the next try finds it.
            }
        }
    }

    private static BillingMonth MonthOf(RecordedEvent close) => BillingMonth.Parse(((BillingPeriodClosed)close.Data).Period);
}
