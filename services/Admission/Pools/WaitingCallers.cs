using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Admission.Pools;

/// <summary>
/// The callers of this process who wait for a request's admission, all those of one id together. Made by the writer when the request waits; the callers join when they are told so.
/// </summary>
internal sealed class WaitingCaller
{
    private readonly TaskCompletionSource<PoolReply> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _callers;
    private volatile bool _joined;

    public Task<PoolReply> End => _end.Task;

    public bool HasCallers => Volatile.Read(ref _callers) > 0;

    /// <summary>True when whoever waited has gone.</summary>
    public bool IsAbandoned => _joined && !HasCallers;

    public void Join()
    {
        Interlocked.Increment(ref _callers);
        _joined = true;
    }

    public void Leave() => Interlocked.Decrement(ref _callers);

    public void Answer(PoolReply reply) => _end.TrySetResult(reply);
}

/// <summary>The callers of one pool who wait. Used by its writer's loop alone.</summary>
internal sealed class WaitingCallers
{
    /// <summary>The wait ended otherwise than by this writer's own decision: whoever still wants an answer asks again.</summary>
    private static readonly PoolReply s_again = new(new AskAgain(), 0);
    private readonly Dictionary<RequestId, WaitingCaller> _callers = [];

    public WaitingCaller Of(RequestId request) => _callers.TryGetValue(request, out var caller) ? caller : _callers[request] = new();

    public bool IsHeard(RequestId request) => _callers.TryGetValue(request, out var caller) && caller.HasCallers;

    /// <summary>True when nobody is there, nor about to be, who would hear the answer.</summary>
    public bool IsAbsent(RequestId request) => !_callers.TryGetValue(request, out var caller) || caller.IsAbandoned;

    /// <summary>Answers those whose request does not wait any more, though nothing that was decided here ended its wait.</summary>
    public void DropLost(WaitingRoom room)
    {
        foreach (var (request, caller) in _callers)
            if (room.Find(request) is null && _callers.Remove(request)) caller.Answer(s_again);
    }

    /// <summary>Answers the callers of a request whose wait ended with an event that is durable now.</summary>
    public void Recorded(NewEvent recorded, long position, PoolState state)
    {
        if (_callers.Count == 0) return;
        switch (recorded.Data)
        {
            case RequestAdmitted e: End(e.Request, position, new Admitted(e, Headroom(e.Entitlement))); break;
            case RequestDenied e: End(e.Request, position, new Denied(e, Headroom(e.Entitlement))); break;
            case WaitAbandoned e: End(e.Request, position, new AskAgain()); break;
        }

        Headroom Headroom(EntitlementId entitlement) => AdmissionDecisions.HeadroomAfter(state.Entitlements[entitlement], default, recorded.Timestamp);
    }

    private void End(RequestId request, long position, PoolAnswer answer)
    {
        if (_callers.Remove(request, out var caller)) caller.Answer(new(answer, position));
    }
}
