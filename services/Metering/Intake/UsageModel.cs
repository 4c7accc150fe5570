using System.Diagnostics;
using TokenLedger.Contracts;
using TokenLedger.Hosting.Access;
using TokenLedger.Ledger;

namespace TokenLedger.Metering.Intake;

/// <summary>
/// Decides what a report becomes. It keeps no state: the ledger's own index on event ids says whether a report is a repeat, whether its request was admitted and whether its end was
/// taken for lost, for ever and across restarts. A report is recorded without a look for a repeat; only when the index has refused one are the next batches looked up first.
/// </summary>
internal sealed class UsageModel(PoolId? pool, ILedger ledger, UsageRecall recall, LedgerDirectory directory, DirectoryFollower follower) : IStreamModel<UsageCommand, UsageAnswer>
{
    private const int CarefulBatches = 100;
    private readonly UsageFacts _facts = new(pool, directory);
    private readonly HashSet<(string Source, string EventId)> _reported = [];
    private readonly HashSet<string> _corrections = [];
    private readonly HashSet<RequestId> _ended = [];
    private readonly HashSet<RequestId> _lost = [];
    private readonly HashSet<Guid> _wanted = [];
    private readonly Dictionary<Guid, Guid> _causes = [];
    private HashSet<Guid> _looked = [];
    private Dictionary<Guid, RecordedEvent> _recorded = [];
    private Dictionary<long, Corrected> _corrected = [];
    private Dictionary<RequestId, StreamedSoFar> _streams = [];
    private int _careful;

    public string Stream { get; } = Streams.Usage(pool);

    public bool NeedsHistory => false;

    public void Reset() => _careful = CarefulBatches;

    public void Evolve(ILedgerEvent data, DateTimeOffset timestamp)
    {
        switch (data)
        {
            case TokensConsumed e:
                _reported.Add((e.Source, e.EventId));
                (e.EndLost == true ? _lost : _ended).Add(e.Request);
                break;
            case TokensStreamed e:
                _reported.Add((e.Source, e.EventId));
                break;
            case UsageCorrected e:
                _corrections.Add(e.CorrectionId);
                _corrected[e.Corrects.Position] = _corrected.GetValueOrDefault(e.Corrects.Position).And(e);
                break;
        }
    }

    public async Task PrepareAsync(IReadOnlyList<UsageCommand> batch, CancellationToken ct)
    {
        ForgetBatch();
        _looked = new(2 * batch.Count);
        _causes.Clear();
        foreach (var command in batch) LookFor(command);
        _wanted.Clear();
        _recorded = _looked.Count == 0 ? [] : (await ledger.FindAsync(_looked, _causes, ct)).ToDictionary(e => e.Id);
        _streams = await recall.StreamsAsync(pool, [.. batch.OfType<RecordLostEnd>().Select(command => command.Request)], ct);
        _corrected = await recall.CorrectionsAsync([.. batch.Select(Corrects).OfType<RecordedEvent>().Select(e => e.Position)], ct);
        if (pool is { } named && directory.FindPool(named) is null) await follower.RefreshAsync(ct);
    }

    public Decided<UsageAnswer> Decide(UsageCommand command, DateTimeOffset now) => command switch
    {
        RecordUsage usage => Decide(usage, now),
        RecordLostEnd lost => Decide(lost, now),
        RecordCorrection correction => Decide(correction, now),
        _ => throw new UnreachableException(),
    };

    /// <summary>Only what is appended shows that the ledger's memory knows what others had appended before.</summary>
    public void Recorded(IReadOnlyList<NewEvent> events, Appended appended)
    {
        if (_careful > 0) _careful--;
    }

    public IReadOnlyList<NewEvent> EndBatch(DateTimeOffset now) => [];

    private void LookFor(UsageCommand command)
    {
        switch (command)
        {
            case RecordUsage usage:
                if (_careful > 0 || _wanted.Contains(usage.Id)) _looked.Add(usage.Id);
                if (usage.AdmissionId is not { } admission) break;
                _looked.UnionWith([admission, usage.LostEndId]);
                // Hardly any end was taken for lost. That one was by another process shows at the append, which is careful from then on.
                if (_careful == 0) _causes[usage.LostEndId] = admission;
                break;
            case RecordLostEnd lost:
                _looked.UnionWith([EventIds.Admission(lost.Of, lost.Request), EventIds.LostEnd(lost.Request)]);
                break;
            case RecordCorrection correction:
                _looked.UnionWith([EventIds.Correction(correction.CorrectionId), EventIds.Usage(correction.Source, correction.EventId)]);
                break;
        }
    }

    /// <summary>The recorded usage that a command may add a correction to.</summary>
    private RecordedEvent? Corrects(UsageCommand command) => command switch
    {
        RecordUsage usage => _recorded.GetValueOrDefault(usage.LostEndId),
        RecordCorrection correction => _recorded.GetValueOrDefault(EventIds.Usage(correction.Source, correction.EventId)),
        _ => null,
    };

    private Decided<UsageAnswer> Decide(RecordUsage command, DateTimeOffset now)
    {
        var (report, id) = (command.Report, command.Id);
        if (_recorded.GetValueOrDefault(id) is { } before)
            return Answer(report.IsRepeatOf(before.Data) ? new UsageRecorded(before.Position, Duplicate: true, UsageFacts.WasAdmitted(before.Data)) : new UsageConflict());
        // The same id twice in one batch, or the end of one whose end this batch takes for lost: the next batch finds it recorded.
        if (_reported.Contains((report.Source, report.Id)) || _lost.Contains(report.Request)) return Later(id);
        var admitted = command.AdmissionId is { } admission ? _recorded.GetValueOrDefault(admission)?.Data as RequestAdmitted : null;
        if (admitted is not null && command.Sender is { } sender && sender != admitted.Entitlement) return _looked.Contains(id) ? Answer(new UsageForeign()) : Later(id);
        var fact = _facts.Of(report, admitted, command.Sender, now);
        List<NewEvent> events = [New(id, fact, report.Request, now)];
        // Another pool may have admitted a request of the same id; its lost end is not this one's.
        if (_recorded.GetValueOrDefault(command.LostEndId) is { } lost && lost.Stream == Stream && UsageFacts.Replacing(lost, _corrected.GetValueOrDefault(lost.Position), fact) is { } correction)
            events.Add(New(EventIds.Correction(correction.CorrectionId), correction, report.Request, now));
        return new(events, appended => new UsageRecorded(appended.FirstPosition, Duplicate: false, UsageFacts.WasAdmitted(fact)));
    }

    private Decided<UsageAnswer> Decide(RecordLostEnd command, DateTimeOffset now)
    {
        var id = EventIds.LostEnd(command.Request);
        if (_recorded.GetValueOrDefault(id) is { } before) return Answer(new UsageRecorded(before.Position, Duplicate: true, Admitted: true));
        if (_ended.Contains(command.Request) || _lost.Contains(command.Request) || _streams.GetValueOrDefault(command.Request) is not { Ended: false } streamed) return Answer(new UsageNothing());
        var fact = _facts.LostEnd(command, streamed, _recorded.GetValueOrDefault(EventIds.Admission(command.Of, command.Request))?.Data as RequestAdmitted);
        return new([New(id, fact, command.Request, now)], appended => new UsageRecorded(appended.FirstPosition, Duplicate: false, Admitted: true));
    }

    private Decided<UsageAnswer> Decide(RecordCorrection command, DateTimeOffset now)
    {
        var id = EventIds.Correction(command.CorrectionId);
        if (_recorded.GetValueOrDefault(EventIds.Usage(command.Source, command.EventId)) is not { Data: TokensConsumed usage } target) return Answer(new UsageNothing());
        if (command.Tenant is { } own && own != usage.Tenant) return Answer(new UsageForeign());
        if (_recorded.GetValueOrDefault(id) is { } before)
            return Answer(command.IsRepeatOf(before.Data) ? new UsageRecorded(before.Position, Duplicate: true, usage.Admitted) : new UsageConflict());
        if (_corrections.Contains(command.CorrectionId)) return Decided<UsageAnswer>.Later;
        var present = TokenCounts.Of(usage) + _corrected.GetValueOrDefault(target.Position).Tokens;
        if (!(present + command.Deltas).IsPossible) return Answer(new CorrectionImpossible(present));
        var fact = UsageFacts.Correction(command.CorrectionId, usage, target.Position, requests: 0, command.Deltas, command.Reason, command.Author);
        return new([New(id, fact, usage.Request, now)], appended => new UsageRecorded(appended.FirstPosition, Duplicate: false, usage.Admitted));
    }

    private void ForgetBatch()
    {
        _reported.Clear();
        _corrections.Clear();
        _ended.Clear();
        _lost.Clear();
    }

    private static NewEvent New(Guid id, ILedgerEvent fact, RequestId request, DateTimeOffset now) => new(id, now, fact, request.ToString());

    /// <summary>The next batch looks for it.</summary>
    private Decided<UsageAnswer> Later(Guid id)
    {
        _wanted.Add(id);
        return Decided<UsageAnswer>.Later;
    }

    private static Decided<UsageAnswer> Answer(UsageAnswer answer) => new([], _ => answer);
}
