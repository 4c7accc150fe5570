using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Replay;

/// <summary>One time that a request asked for admission, and the position of its answer.</summary>
public sealed record ExplainedAttempt(long Position, AdmissionExplanation Explanation);

/// <summary>Follows one pool's stream, decides it again, and tells what became of one request: each time it asked, why it was answered so, and every event on it afterwards.</summary>
public sealed class RequestStory
{
    private readonly RequestId _request;
    private readonly ReplayVerifier _verifier;
    private readonly List<ExplainedAttempt> _attempts = [];
    private readonly List<RecordedEvent> _afterwards = [];
    private AdmissionExplanation? _explained;

    public RequestStory(PoolId pool, RequestId request)
    {
        _request = request;
        _verifier = new(pool) { Decided = Explain };
    }

    public IReadOnlyList<ExplainedAttempt> Attempts => _attempts;

    /// <summary>Events on the request other than its admission and refusals, in order.</summary>
    public IReadOnlyList<RecordedEvent> Afterwards => _afterwards;

    /// <summary>Takes the next event of the pool's stream.</summary>
    /// <returns>A difference between what is recorded and what is decided again: then nothing that is explained can be trusted.</returns>
    public ReplayDifference? Take(RecordedEvent recorded)
    {
        var difference = _verifier.Take(recorded);
        if (RequestOf(recorded.Data) != _request) return difference;
        if (recorded.Data is RequestAdmitted or RequestDenied && _explained is { } explained) _attempts.Add(new(recorded.Position, explained));
        else _afterwards.Add(recorded);
        return difference;
    }

    private void Explain(ReplayedDecision decision)
    {
        foreach (var data in decision.Events)
        {
            var admit = data switch
            {
                RequestAdmitted e => new Admit(e.Request, e.Entitlement, e.InputTokens, e.MaxOutputTokens, e.Workload),
                RequestDenied e => new Admit(e.Request, e.Entitlement, e.InputTokens, e.MaxOutputTokens, e.Workload),
                _ => null,
            };
            // A record that admits for an entitlement that is not there cannot be explained, and the verifier says so.
            if (admit?.Request != _request || !_verifier.State.Entitlements.ContainsKey(admit.Entitlement)) continue;
            _explained = AdmissionExplanation.Of(_verifier.State, admit, decision.At);
            // A wait may end for other reasons than a rule: its time is up, or its place is needed.
            if (data is not RequestDenied denied || _explained.Refused == denied.Reason) continue;
            var request = AdmissionDecisions.CaseOf(_verifier.State, _verifier.State.Entitlements[admit.Entitlement], admit, decision.At);
            _explained = _explained with { Refused = denied.Reason, RetryAfterMs = denied.RetryAfterMs, RetryBasis = AdmissionDecisions.RetryOf(denied.Reason, request).Basis };
        }
    }

    private static RequestId? RequestOf(ILedgerEvent data) => data switch
    {
        RequestAdmitted e => e.Request,
        RequestDenied e => e.Request,
        RequestQueued e => e.Request,
        WaitAbandoned e => e.Request,
        PrefillReleased e => e.Request,
        ReservationRenewed e => e.Request,
        ReservationSettled e => e.Request,
        SettlementDeferred e => e.Request,
        ReservationReleased e => e.Request,
        ReservationExpired e => e.Request,
        ReservationEvicted e => e.Request,
        _ => null,
    };
}
