using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Scaling;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Admission.Endpoints;

/// <summary>How a pool may be scaled. Rules that are left out are not written down with the pool, so that they read as what they are.</summary>
internal static class ScalingValidation
{
    private const int MostHints = 32;
    private const int LongestTargetMs = 600_000;
    private const int MostParts = 1_000;
    private const int MinutesOfADay = 1_440;

    public static ScalingBounds Bounds(ScalingShape? shape, int replicas, Fields fields)
    {
        if (shape is null) return new(0, Math.Max(1, replicas), 0.8);
        var bounds = new ScalingBounds(
            fields.Range(shape.MinReplicas, "scaling.minReplicas", 0, PoolValidation.MostReplicas),
            fields.Range(shape.MaxReplicas, "scaling.maxReplicas", 1, PoolValidation.MostReplicas),
            fields.Required(shape.TargetUtilization, "scaling.targetUtilization"),
            Rules(shape.Rules, fields), Schedule(shape.Schedule, fields), Sides(shape.Sides, fields));
        fields.Require(bounds.TargetUtilization is > 0 and <= 1, "scaling.targetUtilization", "must be above 0 and at most 1");
        fields.Require(bounds.MinReplicas <= bounds.MaxReplicas, "scaling.minReplicas", "must not exceed scaling.maxReplicas");
        fields.Require(bounds.Sides is null || bounds.MaxReplicas >= 2, "scaling.maxReplicas", "must be at least 2 where prefill and decode run apart");
        return bounds;
    }

    private static ScalingRules? Rules(RulesShape? shape, Fields fields)
    {
        if (shape is null) return null;
        var defaults = new ScalingRules();
        fields.Require(shape.DeadBand is null or (>= 0 and < 1), "scaling.rules.deadBand", "must be at least 0 and below 1");
        return new(
            fields.Range(shape.StartUpSeconds ?? defaults.StartUpSeconds, "scaling.rules.startUpSeconds", 0, ScalingRules.LongestWindowSeconds),
            fields.Range(shape.StabilizationUpSeconds ?? defaults.StabilizationUpSeconds, "scaling.rules.stabilizationUpSeconds", 0, ScalingRules.LongestWindowSeconds),
            fields.Range(shape.StabilizationDownSeconds ?? defaults.StabilizationDownSeconds, "scaling.rules.stabilizationDownSeconds", 0, ScalingRules.LongestWindowSeconds),
            fields.Range(shape.MaxStepUp ?? defaults.MaxStepUp, "scaling.rules.maxStepUp", 0, PoolValidation.MostReplicas),
            fields.Range(shape.MaxStepDown ?? defaults.MaxStepDown, "scaling.rules.maxStepDown", 1, PoolValidation.MostReplicas),
            Math.Abs(shape.DeadBand ?? defaults.DeadBand),
            fields.Range(shape.CoolDownSeconds ?? defaults.CoolDownSeconds, "scaling.rules.coolDownSeconds", 0, ScalingRules.LongestWindowSeconds),
            fields.Range(shape.QueueTargetMs ?? defaults.QueueTargetMs, "scaling.rules.queueTargetMs", 0, LongestTargetMs),
            fields.Range(shape.TimeToFirstTokenTargetMs ?? defaults.TimeToFirstTokenTargetMs, "scaling.rules.timeToFirstTokenTargetMs", 0, LongestTargetMs),
            fields.Range(shape.InterTokenTargetMs ?? defaults.InterTokenTargetMs, "scaling.rules.interTokenTargetMs", 0, LongestTargetMs),
            fields.Range(shape.RepaySeconds ?? defaults.RepaySeconds, "scaling.rules.repaySeconds", 1, ScalingRules.LongestWindowSeconds),
            fields.Range(shape.StaleSeconds ?? defaults.StaleSeconds, "scaling.rules.staleSeconds", 1, ScalingRules.LongestWindowSeconds),
            fields.Range(shape.FallbackSeconds ?? defaults.FallbackSeconds, "scaling.rules.fallbackSeconds", 0, 24 * ScalingRules.LongestWindowSeconds));
    }

    private static List<ScheduleHint>? Schedule(IReadOnlyList<HintShape>? shapes, Fields fields)
    {
        if (shapes is null or []) return null;
        fields.Require(shapes.Count <= MostHints, "scaling.schedule", $"must have at most {MostHints} hints");
        var hints = new List<ScheduleHint>();
        foreach (var (index, shape) in shapes.Take(MostHints).Index())
        {
            var field = $"scaling.schedule[{index}]";
            fields.Require(shape is not null, field, "is required");
            if (shape is null) continue;
            var cron = fields.Text(shape.Cron, $"{field}.cron", 100);
            fields.Require(Cron.TryParse(cron, out _), $"{field}.cron", "must be five fields of cron: minute, hour, day of the month, month, day of the week");
            hints.Add(new(cron, fields.Range(shape.Minutes, $"{field}.minutes", 1, MinutesOfADay), fields.Range(shape.Replicas, $"{field}.replicas", 0, PoolValidation.MostReplicas)));
        }
        return hints;
    }

    private static SideRules? Sides(SidesShape? shape, Fields fields) => shape is null ? null : new(
        fields.Range(shape.Prefill, "scaling.sides.prefill", 1, MostParts), fields.Range(shape.Decode, "scaling.sides.decode", 1, MostParts),
        fields.Range(shape.PrefillTokensPerSecond, "scaling.sides.prefillTokensPerSecond", 1, PoolValidation.MostPerReplica),
        fields.Range(shape.DecodeTokensPerSecond, "scaling.sides.decodeTokensPerSecond", 1, PoolValidation.MostPerReplica), shape.FollowMix ?? true);
}
