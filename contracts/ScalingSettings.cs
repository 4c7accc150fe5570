namespace TokenLedger.Contracts;

/// <summary>How far a pool may be scaled, in replicas, and the share of a replica that planning uses (0 to 1].</summary>
/// <param name="Rules">How it moves; null for the defaults.</param>
/// <param name="Schedule">Times for which more is known to be needed; null for none.</param>
/// <param name="Sides">Prefill and decode run apart; null when every replica does both.</param>
public sealed record ScalingBounds(
    int MinReplicas, int MaxReplicas, double TargetUtilization, ScalingRules? Rules = null, IReadOnlyList<ScheduleHint>? Schedule = null, SideRules? Sides = null)
{
    /// <summary>By value, the hints of the schedule as well: the same settings again change nothing.</summary>
    public bool Equals(ScalingBounds? other) =>
        other is not null && MinReplicas == other.MinReplicas && MaxReplicas == other.MaxReplicas && TargetUtilization.Equals(other.TargetUtilization)
        && Rules == other.Rules && Sides == other.Sides && (Schedule ?? []).SequenceEqual(other.Schedule ?? []);

    public override int GetHashCode() => HashCode.Combine(MinReplicas, MaxReplicas, TargetUtilization, Rules, Sides, Schedule?.Count ?? 0);
}

/// <summary>How a pool's replicas follow what is asked of it (docs/domain.md §8).</summary>
/// <param name="StartUpSeconds">From the decision to a replica that serves: demand is forecast over it.</param>
/// <param name="StabilizationUpSeconds">More replicas are started only when every recommendation of this time asked for them.</param>
/// <param name="StabilizationDownSeconds">Replicas are stopped only when no recommendation of this time asked for them.</param>
/// <param name="MaxStepUp">Replicas started at a time; 0 for as many as are needed.</param>
/// <param name="MaxStepDown">Replicas stopped at a time.</param>
/// <param name="DeadBand">A need beyond what runs by no more than this part of it starts nothing, and what was stopped leaves that much.</param>
/// <param name="CoolDownSeconds">Between one step and the next in the same direction, where steps are limited.</param>
/// <param name="QueueTargetMs">A queue that is expected to be gone within this asks for nothing.</param>
/// <param name="TimeToFirstTokenTargetMs">Latency target of the engines' quantile; 0 to leave it out.</param>
/// <param name="InterTokenTargetMs">The same between two tokens; 0 to leave it out.</param>
/// <param name="RepaySeconds">What is owed is planned to be repaid within this.</param>
/// <param name="StaleSeconds">A signal older than this is missing.</param>
/// <param name="FallbackSeconds">So long the fleet is held while signals are missing; then it falls back to what is known without them.</param>
public sealed record ScalingRules(
    int StartUpSeconds = 60, int StabilizationUpSeconds = 0, int StabilizationDownSeconds = 300, int MaxStepUp = 0, int MaxStepDown = 1, double DeadBand = 0.05,
    int CoolDownSeconds = 15, int QueueTargetMs = 1_000, int TimeToFirstTokenTargetMs = 0, int InterTokenTargetMs = 0, int RepaySeconds = 120,
    int StaleSeconds = 30, int FallbackSeconds = 600)
{
    /// <summary>No window and no start-up is longer.</summary>
    public const int LongestWindowSeconds = 3_600;
}

/// <summary>At least so many replicas serve for some minutes from each moment that a cron expression names.</summary>
/// <param name="Cron">Minute, hour, day of the month, month, day of the week (0 is Sunday), in UTC.</param>
public sealed record ScheduleHint(string Cron, int Minutes, int Replicas);

/// <summary>Prefill and decode on replicas of their own: two capacities of one pool.</summary>
/// <param name="Prefill">With <paramref name="Decode"/> the ratio that is kept, unless the mix is followed.</param>
/// <param name="PrefillTokensPerSecond">Input tokens that a prefill replica reads a second.</param>
/// <param name="DecodeTokensPerSecond">Output tokens that a decode replica makes a second.</param>
/// <param name="FollowMix">Each side has what its part of the demand needs, instead of a fixed ratio.</param>
public sealed record SideRules(int Prefill, int Decode, long PrefillTokensPerSecond, long DecodeTokensPerSecond, bool FollowMix = true);
