using System.ComponentModel.DataAnnotations;
using TokenLedger.Contracts;
using TokenLedger.Core.Routing;

namespace TokenLedger.Gateway;

/// <summary>Where the gateway's requests go, and its bounds.</summary>
public sealed class GatewayOptions : IValidatableObject
{
    public const string Section = "TokenLedger:Gateway";

    /// <summary>The inference servers of each pool, by their base addresses.</summary>
    public Dictionary<string, string[]> Upstreams { get; set; } = [];

    /// <summary>A key for the inference servers; they never see their clients' keys.</summary>
    public string? UpstreamKey { get; set; }

    /// <summary>Address of the admission service, when it is another process.</summary>
    [Url] public string AdmissionUrl { get; set; } = "http://127.0.0.1:8081";

    /// <summary>Address of the metering service, when it is another process.</summary>
    [Url] public string MeteringUrl { get; set; } = "http://127.0.0.1:8082";

    /// <summary>A key with the gateway role to report usage with, so that a revoked inference key loses nothing; without one the request's own key is used.</summary>
    public string? ReportKey { get; set; }

    /// <summary>How a request's server is chosen.</summary>
    public ReplicaPolicy Policy { get; set; } = ReplicaPolicy.Prefix;

    /// <summary>Whether streams are asked to tell the usage so far in every chunk, as vLLM and SGLang can; what others ignore does no harm.</summary>
    public bool ContinuousUsage { get; set; } = true;

    /// <summary>Where an inference server takes <c>{"rid": "…"}</c> to end a request early, so that its last usage is heard; without it the connection is closed.</summary>
    public string? AbortPath { get; set; }

    /// <summary>Where an inference server tells what a request used that has ended, <c>{id}</c> standing for its id: 200 with <c>usage</c> in the words of any of the APIs, 202 while it runs, 404 when it knows none.</summary>
    public string? UsagePath { get; set; }

    /// <summary>How long servers that are away, or still run a request, are asked what it used, in milliseconds, after its lease ran out.</summary>
    [Range(0, 3_600_000)] public int UsageMs { get; set; } = 30_000;

    /// <summary>How long the word of a stream's first token waits for those of others, to share a commit with them, in milliseconds.</summary>
    [Range(0, 10_000)] public int FirstTokenMs { get; set; } = 25;

    /// <summary>How often a stream that runs long is reported with what it has used so far, in milliseconds; 0 = never.</summary>
    [Range(0, 3_600_000)] public int StreamReportMs { get; set; } = 10_000;

    /// <summary>Bytes of a request.</summary>
    [Range(1_024, 1_073_741_824)] public int MaxBodyBytes { get; set; } = 16 * 1_048_576;

    /// <summary>Bytes of an answer that is not streamed.</summary>
    [Range(1_024, 1_073_741_824)] public int MaxAnswerBytes { get; set; } = 64 * 1_048_576;

    /// <summary>Bytes of one event of a stream that are looked into.</summary>
    [Range(1_024, 16_777_216)] public int MaxEventBytes { get; set; } = 1_048_576;

    /// <summary>Servers that one request is sent to at most.</summary>
    [Range(1, 10)] public int MaxAttempts { get; set; } = 3;

    /// <summary>How long a stream may take to begin, in milliseconds.</summary>
    [Range(10, 3_600_000)] public int FirstByteMs { get; set; } = 60_000;

    /// <summary>How long a stream may pause, in milliseconds.</summary>
    [Range(10, 3_600_000)] public int IdleMs { get; set; } = 120_000;

    /// <summary>How long an answer that is not streamed may take, in milliseconds.</summary>
    [Range(10, 3_600_000)] public int AnswerMs { get; set; } = 600_000;

    /// <summary>How long a server that was told to end a request is listened to, in milliseconds.</summary>
    [Range(10, 600_000)] public int AbortMs { get; set; } = 5_000;

    /// <summary>How long a request may wait for capacity at admission, in milliseconds.</summary>
    [Range(0, 600_000)] public int WaitMs { get; set; }

    /// <summary>How long the end of an answer waits until its usage is recorded, in milliseconds; then it is reported in the background.</summary>
    [Range(0, 60_000)] public int ReportMs { get; set; } = 2_000;

    /// <summary>Reports that may wait in the background.</summary>
    [Range(1, 1_000_000)] public int ReportQueue { get; set; } = 10_000;

    /// <summary>How long a stop waits for reports in the background, in milliseconds.</summary>
    [Range(0, 600_000)] public int DrainMs { get; set; } = 10_000;

    /// <summary>How often the servers' health and load are looked at, in milliseconds.</summary>
    [Range(10, 600_000)] public int HealthMs { get; set; } = 1_000;

    /// <summary>Where a server says whether it takes requests: an answer of 500 or above, or nobody who listens, takes it out until the next look.</summary>
    public string HealthPath { get; set; } = "/health";

    /// <summary>Failures in a row after which a server gets no requests.</summary>
    [Range(1, 1_000)] public int EjectAfter { get; set; } = 3;

    /// <summary>How long a server that failed gets no requests, in milliseconds.</summary>
    [Range(10, 3_600_000)] public int EjectMs { get; set; } = 10_000;

    /// <summary>How long a server that came back takes to get its full share, in milliseconds.</summary>
    [Range(0, 3_600_000)] public int SlowStartMs { get; set; } = 10_000;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (pool, urls) in Upstreams)
        {
            if (!PoolId.TryParse(pool, null, out _)) yield return new($"names '{pool}', and a pool's name {PoolId.Rule}", [nameof(Upstreams)]);
            foreach (var url in urls)
                if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
                    yield return new($"of pool '{pool}' must be addresses such as http://10.0.0.1:8000", [nameof(Upstreams)]);
        }
        if (!HealthPath.StartsWith('/')) yield return new("must begin with a slash", [nameof(HealthPath)]);
        if (AbortPath is { Length: > 0 } path && path[0] != '/') yield return new("must begin with a slash", [nameof(AbortPath)]);
        if (UsagePath is { Length: > 0 } usage && (usage[0] != '/' || !usage.Contains("{id}", StringComparison.Ordinal))) yield return new("must begin with a slash and contain {id}", [nameof(UsagePath)]);
    }
}
