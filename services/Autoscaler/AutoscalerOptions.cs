using System.ComponentModel.DataAnnotations;

namespace TokenLedger.Autoscaler;

/// <summary>How often and within which bounds fleets are watched and scaled, and what each pool's fleet is.</summary>
public sealed class AutoscalerOptions : IValidatableObject
{
    public const string Section = "TokenLedger:Autoscaler";

    /// <summary>How often every pool is looked at and decided for.</summary>
    [Range(0.05, 86_400.0)] public double PeriodSeconds { get; set; } = 5;

    /// <summary>How long an engine, or the program that runs the fleet, may take to say how it is.</summary>
    [Range(0.05, 60.0)] public double ScrapeTimeoutSeconds { get; set; } = 2;

    /// <summary>Bytes of an engine's metrics, and of an answer of the Kubernetes API.</summary>
    [Range(1_024, 268_435_456)] public int MaxScrapeBytes { get; set; } = 8_388_608;

    /// <summary>Lines of an engine's metrics.</summary>
    [Range(10, 1_000_000)] public int MaxScrapeLines { get; set; } = 100_000;

    /// <summary>Engines of a pool that are asked; further ones are left out, with a warning.</summary>
    [Range(1, 10_000)] public int MaxTargets { get; set; } = 500;

    /// <summary>Engines of a pool that are asked at the same time.</summary>
    [Range(1, 256)] public int ParallelScrapes { get; set; } = 16;

    /// <summary>Rates and quantiles of an engine are those of the last so many seconds.</summary>
    [Range(1.0, 3_600.0)] public double WindowSeconds { get; set; } = 30;

    /// <summary>The quantile of the engines' latencies that is compared with the pool's targets.</summary>
    [Range(0.5, 0.999)] public double LatencyQuantile { get; set; } = 0.95;

    /// <summary>An engine that has not answered for so long does not count as running.</summary>
    [Range(1.0, 3_600.0)] public double LostAfterSeconds { get; set; } = 15;

    /// <summary>How long one attempt to change the number of replicas may take.</summary>
    [Range(0.1, 600.0)] public double ActTimeoutSeconds { get; set; } = 10;

    /// <summary>The first pause after an attempt that failed; it doubles with every further one.</summary>
    [Range(0.01, 3_600.0)] public double ActRetryFirstSeconds { get; set; } = 1;

    /// <summary>The longest pause between two attempts.</summary>
    [Range(0.01, 3_600.0)] public double ActRetryLongestSeconds { get; set; } = 60;

    /// <summary>Steps in one answer of the history.</summary>
    [Range(1, 100_000)] public int MaxHistory { get; set; } = 1_000;

    /// <summary>The cluster, for pools whose fleet or engines are found there.</summary>
    public KubernetesOptions Kubernetes { get; } = new();

    public ExternalMetricsOptions ExternalMetrics { get; } = new();

    /// <summary>What runs and serves each pool; one that is not named is advised on, and reported by others.</summary>
    public Dictionary<string, FleetOptions> Pools { get; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Pools.SelectMany(pool => pool.Value.Mistakes(), (pool, mistake) => new ValidationResult($"of '{pool.Key}': {mistake}", [nameof(Pools)]));
}

/// <summary>The Kubernetes API. In a pod nothing of it needs to be set.</summary>
public sealed class KubernetesOptions
{
    /// <summary>Address of the API server; absent = the one that a pod is told in its environment.</summary>
    public string? ApiServer { get; set; }

    /// <summary>File with the service account's token. It is read again for each request, for it is replaced every hour.</summary>
    public string TokenFile { get; set; } = "/var/run/secrets/kubernetes.io/serviceaccount/token";

    /// <summary>File with the certificates of the cluster's authority.</summary>
    public string CaFile { get; set; } = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
}

/// <summary>Who may read the external metrics beside those with a key: the aggregation layer of a cluster, which shows a client certificate.</summary>
public sealed class ExternalMetricsOptions
{
    /// <summary>File with the certificates of the authority that signs the aggregation layer's client certificate; absent = keys only.</summary>
    public string? ClientCaFile { get; set; }

    /// <summary>Common name of that certificate.</summary>
    public string ClientName { get; set; } = "front-proxy-client";
}
