using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Pools;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Admission.Endpoints;

/// <summary>What a pool and an entitlement may be. The bounds keep every product within 64 bits.</summary>
internal static class PoolValidation
{
    internal const int MostReplicas = 100_000;
    internal const long MostTokens = 100_000_000;
    internal const long MostPerReplica = 1L << 53;
    private const long MostBucketTokens = 9_000_000_000_000;
    private const long LongestSloMs = 86_400_000;
    internal const int LongestWaitMs = 600_000;
    private const int MostWaiting = 10_000;
    private const int MostSamples = 1_000_000;

    public static PoolSettings Settings(PutPool body, Fields fields)
    {
        var replicas = fields.Range(body.Replicas, "replicas", 0, MostReplicas);
        var scaling = ScalingValidation.Bounds(body.Scaling, replicas, fields);
        fields.Require(replicas <= scaling.MaxReplicas, "replicas", "must not exceed scaling.maxReplicas");
        fields.Require(body.Lending is null or (>= 0 and <= 1), "lending", "must be from 0 to 1");

        var settings = new PoolSettings(
            fields.Text(body.Model, "model", 200), replicas, Capacity(body.PerReplica, "perReplica", fields, least: 1),
            fields.Range(body.KvBytesPerToken, "kvBytesPerToken", 0, 1_000_000_000),
            fields.Range(body.DefaultMaxOutputTokens, "defaultMaxOutputTokens", 1, MostTokens),
            fields.Range(body.BurstSeconds ?? 10, "burstSeconds", 1, 3_600),
            fields.Range(body.LeaseSeconds ?? 300, "leaseSeconds", 1, 86_400),
            fields.Range(body.TickMs ?? 1_000, "tickMs", 100, 3_600_000), scaling,
            body.Policy ?? AdmissionPolicy.WeightedShare, body.Shadow ?? false, Math.Abs(body.Lending ?? 0), Queue(body.Queue, fields), Estimation(body.Estimation, fields));
        fields.Require(
            (Int128)settings.PerReplica.TokensPerSecond * scaling.MaxReplicas * settings.BurstSeconds <= MostBucketTokens,
            "perReplica.tokensPerSecond", $"times the largest number of replicas and burstSeconds must not exceed {MostBucketTokens}");
        fields.Require((Int128)settings.PerReplica.KvCacheBytes * scaling.MaxReplicas <= long.MaxValue / 4, "perReplica.kvCacheBytes", "times the largest number of replicas is too large");
        fields.Require((long)settings.PerReplica.Sequences * scaling.MaxReplicas <= int.MaxValue / 4, "perReplica.sequences", "times the largest number of replicas is too large");
        return settings;
    }

    /// <summary>Left out, the defaults are not written down with the pool, so that they read as what they are.</summary>
    private static QueueBounds? Queue(QueueShape? shape, Fields fields)
    {
        if (shape is null) return null;
        var defaults = new QueueBounds();
        return new(
            shape.Order ?? defaults.Order, fields.Range(shape.MaxRequests ?? defaults.MaxRequests, "queue.maxRequests", 0, MostWaiting),
            fields.Range(shape.MaxWaitMs ?? defaults.MaxWaitMs, "queue.maxWaitMs", 0, LongestWaitMs),
            shape.KeepPromises ?? defaults.KeepPromises);
    }

    /// <summary>Always written down with the pool: one that has none is from before output was estimated, and a replay of it must not estimate.</summary>
    private static EstimationBounds Estimation(EstimationShape? shape, Fields fields)
    {
        var defaults = new EstimationBounds();
        fields.Require(shape?.Quantile is null or (>= 0.5 and <= 0.99), "estimation.quantile", "must be from 0.5 to 0.99");
        return new(shape?.Enabled ?? defaults.Enabled, shape?.Quantile ?? defaults.Quantile, fields.Range(shape?.MinSamples ?? defaults.MinSamples, "estimation.minSamples", 1, MostSamples));
    }

    public static EntitlementTerms Terms(PutEntitlement body, Fields fields)
    {
        var serviceClass = fields.Required(body.ServiceClass, "serviceClass");
        var surplusOnly = serviceClass is ServiceClass.Spot or ServiceClass.Preemptible;
        var baseline = surplusOnly && body.Baseline is null ? default : Capacity(body.Baseline, "baseline", fields, least: 0);
        fields.Require(!surplusOnly || body.ServiceClass is null || baseline == default, "baseline", "must be zero or left out: this class has surplus only");
        fields.Require(body.ValidFrom is null || body.ValidTo is null || body.ValidFrom < body.ValidTo, "validTo", "must be after validFrom");
        return new(
            fields.Required(body.Tenant, "tenant"), serviceClass, fields.Range(body.SloTargetMs, "sloTargetMs", 1, LongestSloMs), baseline,
            body.ValidFrom?.ToUniversalTime(), body.ValidTo?.ToUniversalTime(),
            body.Budget is null ? null : new(fields.Range(body.Budget.MonthlyTokens, "budget.monthlyTokens", 1, MostPerReplica), body.Budget.HardStop ?? false));
    }

    public static Admit Admission(PostAdmission body, EntitlementId entitlement, Fields fields)
    {
        fields.Require(body.Workload is null || body.Workload.Length <= 64 && !body.Workload.Any(char.IsControl), "workload", "must have at most 64 characters and no control characters");
        return new(
            fields.Required(body.RequestId, "requestId"), entitlement, fields.Range(body.InputTokens, "inputTokens", 0, MostTokens),
            body.MaxOutputTokens is null ? null : fields.Range(body.MaxOutputTokens, "maxOutputTokens", 0, MostTokens), body.Workload,
            fields.Range(body.WaitMs ?? 0, "waitMs", 0, LongestWaitMs));
    }

    private static Capacity Capacity(CapacityShape? shape, string field, Fields fields, int least)
    {
        fields.Require(shape is not null, field, "is required");
        return shape is null ? default : new(
            fields.Range(shape.TokensPerSecond, $"{field}.tokensPerSecond", least, MostPerReplica),
            fields.Range(shape.KvCacheBytes, $"{field}.kvCacheBytes", least, MostPerReplica),
            fields.Range(shape.Sequences, $"{field}.sequences", least, 10_000_000));
    }
}
