using TokenLedger.Contracts;
using TokenLedger.Hosting.Access;
using TokenLedger.Ledger;

namespace TokenLedger.Metering.Intake;

/// <summary>
/// Decides what a report becomes. It keeps no state: the ledger's own index on event ids says whether a report is a repeat and whether its request was admitted,
/// for ever and across restarts. A report is recorded without a look for a repeat; only when the index has refused one are the next batches looked up first.
/// </summary>
internal sealed class UsageModel(PoolId? pool, ILedger ledger, LedgerDirectory directory, DirectoryFollower follower) : IStreamModel<RecordUsage, UsageAnswer>
{
    private const int CarefulBatches = 100;
    private readonly HashSet<Guid> _batch = [];
    private readonly HashSet<Guid> _wanted = [];
    private HashSet<Guid> _looked = [];
    private Dictionary<Guid, RecordedEvent> _recorded = [];
    private int _careful;

    public string Stream { get; } = Streams.Usage(pool);

    public bool NeedsHistory => false;

    public void Reset()
    {
        _batch.Clear();
        _careful = CarefulBatches;
    }

    public void Evolve(ILedgerEvent data, DateTimeOffset timestamp)
    {
        if (data is TokensConsumed e) _batch.Add(EventIds.Usage(e.Source, e.EventId));
    }

    public async Task PrepareAsync(IReadOnlyList<RecordUsage> batch, CancellationToken ct)
    {
        _batch.Clear();
        _looked = new(batch.Count);
        foreach (var command in batch)
        {
            var id = EventIds.Usage(command.Report.Source, command.Report.Id);
            if (_careful > 0 || _wanted.Contains(id)) _looked.Add(id);
            if (pool is { } known) _looked.Add(EventIds.Admission(known, command.Report.Request));
        }
        _wanted.Clear();
        if (_careful > 0) _careful--;
        _recorded = _looked.Count == 0 ? [] : (await ledger.FindAsync(_looked, ct)).ToDictionary(e => e.Id);
        if (pool is { } named && directory.FindPool(named) is null) await follower.RefreshAsync(ct);
    }

    public Decided<UsageAnswer> Decide(RecordUsage command, DateTimeOffset now)
    {
        var report = command.Report;
        var id = EventIds.Usage(report.Source, report.Id);
        if (_recorded.GetValueOrDefault(id) is { } before)
        {
            var recorded = (TokensConsumed)before.Data;
            return Answer(report.IsRepeatOf(recorded) ? new UsageRecorded(before.Position, Duplicate: true, recorded.Admitted) : new UsageConflict());
        }
        if (_batch.Contains(id)) return Later(id); // The same id twice in one batch: the next batch finds the first recorded.
        var admitted = pool is { } known ? _recorded.GetValueOrDefault(EventIds.Admission(known, report.Request))?.Data as RequestAdmitted : null;
        if (admitted is not null && command.Sender is { } sender && sender != admitted.Entitlement) return _looked.Contains(id) ? Answer(new UsageForeign()) : Later(id);
        var consumed = Consumed(report, admitted, command.Sender, now);
        return new(
            [new NewEvent(id, now, consumed, report.Request.ToString())],
            appended => new UsageRecorded(appended.FirstPosition, Duplicate: false, consumed.Admitted));
    }

    public IReadOnlyList<NewEvent> EndBatch(DateTimeOffset now) => [];

    private TokensConsumed Consumed(ReportedUsage report, RequestAdmitted? admitted, EntitlementId? sender, DateTimeOffset now)
    {
        var entitlement = admitted?.Entitlement ?? sender;
        var terms = pool is { } p && entitlement is { } e ? directory.FindEntitlement(p, e)?.Terms : null;
        return new(
            report.Source, report.Id, report.Request, pool, entitlement, admitted?.Tenant ?? terms?.Tenant, pool is { } known ? directory.FindPool(known)?.Model : null, terms?.ServiceClass,
            admitted is not null, report.InputTokens, report.CachedInputTokens, report.OutputTokens, report.ReasoningTokens, report.Outcome,
            report.StartedAt, report.FirstTokenAt, report.CompletedAt ?? now);
    }

    /// <summary>The next batch looks for it.</summary>
    private Decided<UsageAnswer> Later(Guid id)
    {
        _wanted.Add(id);
        return Decided<UsageAnswer>.Later;
    }

    private static Decided<UsageAnswer> Answer(UsageAnswer answer) => new([], _ => answer);
}
