using System.Text;
using TokenLedger.Contracts;
using TokenLedger.Core.Scaling;

namespace TokenLedger.Core.Replay;

/// <summary>
/// Decides again how many replicas of a pool should run, wherever its fleet's stream records it: from the events that the decision saw, what it saw of the engines, which it carries, and its time.
/// A decision sees the ledger up to a position before its own, so what lies between waits here until the next one.
/// </summary>
public sealed class ScalingVerifier(PoolId pool)
{
    /// <summary>Events that wait at the most; a decision that had not seen so many is not verified.</summary>
    public const int MostWaiting = 10_000;

    private readonly ScalingState _state = new(pool);
    private readonly Queue<RecordedEvent> _unseen = new();

    /// <summary>Decisions that came out the same.</summary>
    public long Decisions { get; private set; }

    /// <summary>Decisions on events that are not here: taken before the first that is, or too far behind the ledger.</summary>
    public long Unverified { get; private set; }

    /// <summary>Takes the next event of the pool's stream or its fleet's, in position order.</summary>
    /// <returns>The first difference, or null while there is none.</returns>
    public ReplayDifference? Take(RecordedEvent recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        var difference = recorded.Data is ScalingDecided decided ? Compare(recorded, decided) : null;
        _unseen.Enqueue(recorded);
        if (_unseen.Count > MostWaiting) _state.Evolve(_unseen.Dequeue());
        return difference;
    }

    private ReplayDifference? Compare(RecordedEvent recorded, ScalingDecided decided)
    {
        while (_unseen.TryPeek(out var next) && next.Position <= decided.ThroughPosition) _state.Evolve(_unseen.Dequeue());
        if (_state.Position > decided.ThroughPosition || !_state.IsCompleteAt(recorded.Timestamp))
        {
            Unverified++;
            return null;
        }
        // Events of other pools and streams move the position on and nothing else.
        var again = ScalingDecisions.Decide(_state, decided.Observation, recorded.Timestamp) is { } decision ? decision with { ThroughPosition = decided.ThroughPosition } : null;
        var (expected, found) = (again is null ? "nothing" : Describe(again), Describe(decided));
        if (expected != found) return new(recorded.Position, expected, found);
        Decisions++;
        return null;
    }

    private static string Describe(ScalingDecided decided) => $"{EventCatalogue.WireName<ScalingDecided>()} {Encoding.UTF8.GetString(EventCatalogue.Serialize(decided))}";
}
