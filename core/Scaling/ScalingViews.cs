using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Core.Scaling;

/// <summary>Scaling of a pool as the API shows it, now or as it was.</summary>
public static class ScalingViews
{
    /// <returns>Null before the first decision.</returns>
    public static ScalingView? Of(ScalingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Settings is not { Scaling: var bounds } || state.Last is not { Decided: var e } last) return null;
        return new(
            state.Pool, last.Position, last.At, e.ObservedReplicas, e.DesiredReplicas, e.PreviousDesiredReplicas, e.Recommendation, bounds.MinReplicas, bounds.MaxReplicas,
            e.Binding, e.Reason, e.Detail, e.Signals, e.Observation, e.Sides);
    }

    /// <summary>A step of the history; null for an event that is none.</summary>
    public static ScalingStep? StepOf(RecordedEvent recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        return recorded.Data switch
        {
            ScalingDecided e => new(recorded.Position, recorded.Timestamp, e.ObservedReplicas, e.DesiredReplicas, e.Recommendation, e.Binding, e.Reason, e.Detail),
            CapacityChanged e => new(recorded.Position, recorded.Timestamp, e.Replicas),
            _ => null,
        };
    }
}
