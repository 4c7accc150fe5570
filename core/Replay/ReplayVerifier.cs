using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Replay;

/// <summary>Where a replay and the record part.</summary>
public sealed record ReplayDifference(long Position, string Expected, string Recorded);

/// <summary>A recorded decision, made again.</summary>
/// <param name="Position">Position of its first event.</param>
/// <param name="Events">What was decided, which is what was recorded as long as the verifier finds no difference.</param>
public sealed record ReplayedDecision(long Position, DateTimeOffset At, PoolCommand Command, IReadOnlyList<ILedgerEvent> Events);

/// <summary>
/// Decides again everything that one pool's stream records and compares. Each recorded event names the command it answered, so the command is rebuilt from
/// it, decided on the state before it, and the decision must give the recorded events to the letter.
/// </summary>
public sealed class ReplayVerifier(PoolId pool)
{
    private const string Beneficiary = "the admission that these evictions make room for";
    private readonly PoolState _state = new(pool);
    private readonly Queue<ILedgerEvent> _expected = new();
    private readonly List<RecordedEvent> _waiting = [];

    public PoolState State => _state;
    public long Events { get; private set; }

    /// <summary>Told each decision, made again, while the state is still the one before it.</summary>
    public Action<ReplayedDecision>? Decided { get; init; }

    /// <summary>Decisions that came out the same.</summary>
    public long Decisions { get; private set; }

    /// <summary>Refusals that the ledger counts without listing: they cannot be decided again.</summary>
    public long Unverified { get; private set; }

    /// <summary>Takes the next event of the pool's stream.</summary>
    /// <returns>The first difference, or null while there is none.</returns>
    public ReplayDifference? Take(RecordedEvent recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        Events++;
        _waiting.Add(recorded);
        // Evictions come before the admission they make room for, and only that tells the command.
        if (recorded.Data is ReservationEvicted && _expected.Count == 0) return null;
        if (_waiting.Count > 1 && recorded.Data is not RequestAdmitted) return new(_waiting[0].Position, Beneficiary, Describe(recorded.Data));
        ReplayDifference? difference = null;
        foreach (var next in _waiting)
        {
            difference = Compare(next, recorded);
            if (difference is not null) break;
        }
        _waiting.Clear();
        return difference;
    }

    /// <summary>The stream is over: nothing that was decided may be missing.</summary>
    public ReplayDifference? Complete() =>
        _expected.TryPeek(out var missing) ? new(0, Describe(missing), "nothing: the stream ends here")
        : _waiting.Count > 0 ? new(_waiting[0].Position, Beneficiary, "nothing: the stream ends here")
        : null;

    private ReplayDifference? Compare(RecordedEvent next, RecordedEvent cause)
    {
        if (next.Data is RequestsDenied counted) Unverified += counted.Counts.Sum(c => c.Requests);
        else
        {
            if (_expected.Count == 0)
            {
                Decide(next.Position, ReplayCommand.Of(cause.Data, cause.Timestamp, _state), cause.Timestamp);
            }
            if (!_expected.TryDequeue(out var expected)) return new(next.Position, "nothing", Describe(next.Data));
            if (!Same(expected, next.Data)) return new(next.Position, Describe(expected), Describe(next.Data));
        }
        PoolEvolution.Evolve(_state, next.Data, next.Timestamp);
        return null;
    }

    private void Decide(long position, PoolCommand command, DateTimeOffset at)
    {
        var decision = PoolDecisions.Decide(_state, command, at);
        foreach (var e in decision.Events) _expected.Enqueue(e);
        Decisions++;
        Decided?.Invoke(new(position, at, command, decision.Events));
    }

    /// <summary>Records compare by value, but for the few that hold lists: those are compared as they are written.</summary>
    private static bool Same(ILedgerEvent a, ILedgerEvent b) =>
        a.Equals(b) || (a.GetType() == b.GetType() && EventCatalogue.Serialize(a).AsSpan().SequenceEqual(EventCatalogue.Serialize(b)));

    private static string Describe(ILedgerEvent data) =>
        $"{EventCatalogue.Of(data.GetType()).WireName} {System.Text.Encoding.UTF8.GetString(EventCatalogue.Serialize(data))}";
}
