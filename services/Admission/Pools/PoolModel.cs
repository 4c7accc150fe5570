using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Ledger;

namespace TokenLedger.Admission.Pools;

/// <summary>The pool's state machine between its writer and the ledger: looks up ids that are not open, decides, and bounds the refusals listed.</summary>
internal sealed class PoolModel(PoolId pool, ILedger ledger, AdmissionOptions options) : IStreamModel<PoolRequest, PoolReply>
{
    private readonly DenialCounts _denials = new(pool, options.ListedDenialsPerSecond);
    private readonly RecordedAdmissions _admissions = new(pool, ledger);
    private PoolState _state = new(pool);
    private long _opening;
    private readonly WaitingCallers _callers = new();
    private bool _reloaded;
    private bool _settled; // Nothing has happened since that could end a wait.
    private volatile int _waiting;

    public string Stream { get; } = Streams.Pool(pool);

    public bool NeedsHistory => true;

    public string OpeningType { get; } = EventCatalogue.WireName<BooksCarriedForward>();

    public void Reset()
    {
        (_state, _opening, _reloaded) = (new(pool), 0, true);
        _denials.Clear();
        _admissions.Reset();
    }

    public void Evolve(ILedgerEvent data, DateTimeOffset timestamp)
    {
        _settled &= data is RequestAdmitted or RequestQueued || (data is RequestDenied denied && _state.Waiting.Find(denied.Request) is null);
        PoolEvolution.Evolve(_state, data, timestamp);
        if (data is BooksCarriedForward) _opening = _state.Version;
        if (data is RequestAdmitted admitted) _admissions.Remember(admitted.Request);
    }

    /// <summary>Requests that wait for capacity.</summary>
    public int Waiting => _waiting;

    /// <summary>An id is good for ever: what the pool itself does not know of the requests named is looked for, once for the whole batch.</summary>
    public Task PrepareAsync(IReadOnlyList<PoolRequest> batch, CancellationToken ct)
    {
        _settled = false; // Time has passed.
        return _admissions.LookAsync(batch.Where(NeedsLook).Select(request => RequestOf(request)!.Value), ct);
    }

    public Decided<PoolReply> Decide(PoolRequest request, DateTimeOffset now)
    {
        if (request.Command is null) return Reply(new PoolReply(null, 0, _state.Settings is null ? null : PoolViews.Of(_state, now)));
        if (request.Command is Admit admit && _admissions.Find(admit.Request) is { } before) return Reply(Repeat(admit, before, now));
        var command = request.Command is Settle settle ? settle with { AdmissionRecorded = _admissions.Find(settle.Request) is not null } : request.Command;
        if (command is Abandon { Request: var left } && _callers.IsHeard(left)) return Reply(new PoolReply(null, 0)); // Another caller of the same id has come.
        var decision = PoolDecisions.Decide(_state, command, now);
        if (RequestOf(request) is { } named && IsTooEarly(command, decision.Answer, named))
        {
            _admissions.Want(named);
            return Decided<PoolReply>.Later;
        }
        return decision.Answer switch
        {
            Waits waits => Record(decision.Events, waits, now, _callers.Of(waits.Request)),
            NotOpen when RequestOf(request) is { } id && _admissions.Find(id) is { } ended =>
                Reply(new PoolReply(new Ended(((RequestAdmitted)ended.Data).Entitlement), ended.Position)),
            // Books are closed when there is nothing else to do, and not so often that writing them down costs more than reading on.
            Done { Changed: false } when command is Sweep && _state.Open.Count <= options.OpenPerBook && _state.Version - _opening >= Math.Max(options.EventsPerBook, _state.Open.Count) =>
                PoolDecisions.Decide(_state, new CloseBooks(), now) is var closed ? Record(closed.Events, closed.Answer, now) : default,
            Denied denied when !_denials.MayList(denied.Event, now) => Reply(new PoolReply(denied, 0)),
            var answer => Record(decision.Events, answer, now),
        };
    }

    /// <summary>Whose turn has come is admitted, if anybody is there who would hear it: after a restart its client may have gone, and a reservation without one would only lie idle.</summary>
    public IReadOnlyList<NewEvent> Follow(DateTimeOffset now)
    {
        if (_reloaded) _callers.DropLost(_state.Waiting);
        _reloaded = false;
        _waiting = _state.Waiting.Count;
        if (_waiting == 0 || _settled) return [];
        var decision = PoolDecisions.Decide(_state, new Drain(), now);
        if (decision.Answer is Admitted { Event: var e } && _callers.IsAbsent(e.Request)) decision = PoolDecisions.Decide(_state, new Abandon(e.Request, e.Entitlement), now);
        _settled = decision.Events.Count == 0;
        return [.. decision.Events.Select(data => PoolEventIdentity.Identify(data, now))];
    }

    public DateTimeOffset? FollowsAt(DateTimeOffset now) => WaitingDecisions.NextMoment(_state, now);

    public void Recorded(IReadOnlyList<NewEvent> events, Appended appended)
    {
        for (var i = 0; i < events.Count; i++) _callers.Recorded(events[i], appended.FirstPosition + i, _state);
    }

    public IReadOnlyList<NewEvent> EndBatch(DateTimeOffset now) =>
        _denials.Flush() is { } counts ? [new NewEvent(Guid.CreateVersion7(now), now, counts)] : [];

    private static Decided<PoolReply> Reply(PoolReply reply) => new([], _ => reply);

    private static Decided<PoolReply> Record(IReadOnlyList<ILedgerEvent> events, PoolAnswer answer, DateTimeOffset now, WaitingCaller? caller = null)
    {
        var recorded = new NewEvent[events.Count];
        var place = events.Count - 1;
        for (var i = 0; i < recorded.Length; i++)
        {
            recorded[i] = PoolEventIdentity.Identify(events[i], now);
            if (events[i] is RequestAdmitted) place = i;
        }
        return new(recorded, appended => new PoolReply(answer, events.Count == 0 ? 0 : appended.FirstPosition + place, Caller: caller));
    }

    private PoolReply Repeat(Admit admit, RecordedEvent before, DateTimeOffset now)
    {
        var admitted = (RequestAdmitted)before.Data;
        PoolAnswer answer =
            admitted.Entitlement != admit.Entitlement ? new Conflicting("Another entitlement uses this request id.")
            : (admitted.InputTokens, admitted.MaxOutputTokens, admitted.Workload) != (admit.InputTokens, admit.MaxOutputTokens, admit.Workload)
                ? new Conflicting("This request id was admitted with other tokens or another workload.")
            : new Recorded(admitted, _state.Entitlements.TryGetValue(admit.Entitlement, out var entitlement) ? AdmissionDecisions.HeadroomAfter(entitlement, default, now) : null);
        return new(answer, before.Position);
    }

    private bool NeedsLook(PoolRequest request) => RequestOf(request) is { } id && (request.Command is Admit
        ? _state.Open.ContainsKey(id) || _admissions.MayBeRepeat(id)
        : !_state.Open.ContainsKey(id));

    /// <summary>True when the next batch, which finds recorded what this one admitted and looks for the id, must answer.</summary>
    private bool IsTooEarly(PoolCommand command, PoolAnswer answer, RequestId request) => (command, answer) switch
    {
        (Admit, Admitted) => _admissions.Remembers(request), // It was admitted and ended within this batch.
        (Admit, AlreadyOpen) => true,
        (Admit, _) or (_, NotOpen) => !_admissions.HasLookedFor(request),
        _ => false,
    };

    private static RequestId? RequestOf(PoolRequest request) => request.Command switch
    {
        Admit c => c.Request,
        Settle c => c.Request,
        ReleasePrefill c => c.Request,
        Renew c => c.Request,
        Release c => c.Request,
        _ => null,
    };
}
