using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>How many replicas should run: a function of what the ledger tells, what is seen of the engines and the time (docs/domain.md §8). Deciding changes nothing; the recorded decision, taken in, does.</summary>
public static class ScalingDecisions
{
    /// <summary>So long after the last recorded decision it is recorded again, changed or not.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(5);

    private static readonly Func<ScalingCase, ScalingClaim?>[] s_signals =
        [Promised.Of, DemandSignal.Of, QueueSignal.Of, ActiveTokens.Of, KvReactive.Of, KvForecast.Of, Latency.FirstToken, Latency.BetweenTokens, Schedule.Of, Mix.Of];

    internal static IReadOnlyList<Func<ScalingCase, ScalingClaim?>> Signals => s_signals;

    /// <returns>What to record; null when it says nothing new, when there is no pool, or when the state began too late to know the demand (<see cref="ScalingState.IsCompleteAt"/>).</returns>
    public static ScalingDecided? Decide(ScalingState state, ScalingObservation observation, DateTimeOffset now) => Decide(state, observation, now, s_signals);

    internal static ScalingDecided? Decide(ScalingState state, ScalingObservation observation, DateTimeOffset now, IEnumerable<Func<ScalingCase, ScalingClaim?>> signals)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(observation);
        if (!state.IsCompleteAt(now)) return null;
        var c = ScalingCase.Of(state, observation, now);
        var claims = signals.Select(signal => signal(c)).OfType<ScalingClaim>().OrderBy(claim => claim.Signal).ToList();
        var binding = claims.MaxBy(claim => claim.Need);
        var last = state.Last?.Decided;
        var current = last?.DesiredReplicas ?? state.Replicas;
        var (recommendation, missing) = Recommend(c, binding?.Need ?? 0, current);
        var move = Movement.Of(c, current, recommendation, binding?.Need ?? 0, missing);
        var decided = new ScalingDecided(
            state.Pool, state.Position, c.Ready, move.Desired, current, recommendation, binding?.Signal, move.Reason, Sentence(move, current, recommendation, binding, c), [.. claims.Select(claim => claim.Answer)],
            ScalingCase.Known(observation), c.Memory, Mix.Divide(c, move.Desired));
        return IsNews(state, decided, now) ? decided : null;
    }

    /// <summary>What the signals ask for, within the bounds. While something is missing the fleet is held, later it falls back to what is known without it: where the ledger is missing, to what is promised.</summary>
    private static (int Replicas, ScalingReason? Missing) Recommend(ScalingCase c, double need, int current)
    {
        var asked = Bounds.Of(c).Clamp(ScalingClaim.Whole(need));
        if (!c.LedgerMissing && !c.EnginesMissing) return (asked, null);
        if (c.MissingSeconds <= c.Rules.FallbackSeconds) return (Bounds.Of(c).Clamp(Math.Max(asked, current)), ScalingReason.SignalsMissing);
        return (c.LedgerMissing ? Bounds.Of(c).Least : asked, ScalingReason.FellBack);
    }

    /// <summary>News is another recommendation or decision, another side, something that begins or ceases to last, and, after a silence, anything.</summary>
    private static bool IsNews(ScalingState state, ScalingDecided decided, DateTimeOffset now) =>
        state.Last is not { } last || now - last.At >= LongestSilence || decided.DesiredReplicas != last.Decided.DesiredReplicas || decided.Recommendation != last.Decided.Recommendation
        || decided.Memory != last.Decided.Memory || decided.Sides != last.Decided.Sides || IsMissing(decided.Reason) != IsMissing(last.Decided.Reason);

    private static bool IsMissing(ScalingReason reason) => reason is ScalingReason.SignalsMissing or ScalingReason.FellBack;

    private static string Sentence(Movement move, int current, int recommendation, ScalingClaim? binding, ScalingCase c)
    {
        var signal = binding is null ? "Nothing" : WordConverter<ScalingSignal>.Word(binding.Signal);
        var asks = $"{signal} asks for {ScalingClaim.Whole(binding?.Need ?? 0)} replicas, {recommendation} within the bounds; {current} were desired";
        return move.Reason switch
        {
            ScalingReason.ScaledUp or ScalingReason.ScaledDown => $"{asks}, now {move.Desired}.",
            ScalingReason.StepLimited => $"{asks}, now {move.Desired}: no more at a time.",
            ScalingReason.DeadBand => $"{asks}: too little to change anything.",
            ScalingReason.Stabilising => $"{asks}, and not all recommendations of the window agree yet.",
            ScalingReason.CoolingDown => $"{asks}, and the last step is too recent.",
            ScalingReason.SignalsMissing => $"{asks}, now {move.Desired}. Signals are missing: nothing is stopped for {c.Rules.FallbackSeconds} s.",
            ScalingReason.FellBack => $"{asks}, now {move.Desired}. Signals have been missing for more than {c.Rules.FallbackSeconds} s: {(c.LedgerMissing ? "only what is promised is kept" : "only the ledger decides")}.",
            _ => $"{asks}.",
        };
    }
}
