using System.Text.Json;
using System.Text.Json.Serialization;
using TokenLedger.Cli.Traces;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Simulation;

/// <summary>A scenario as it stands in a file: JSON in camelCase with the names of the API; what is left out gets its default.</summary>
internal sealed record ScenarioFile(double Seconds, PoolPart Pool, IReadOnlyList<TenantPart> Tenants, IReadOnlyList<CapacityStep>? Capacity = null, double SampleSeconds = 0.5, string? Name = null)
{
    private const double MostSeconds = 1_000_000;
    private const int MostSamples = 1_000_000;
    private const int MostTenants = 100_000;
    private const long MostTokens = 100_000_000;

    /// <exception cref="CommandFailure">The file is no scenario; the message says why.</exception>
    public static Scenario Read(string name, ReadOnlyMemory<byte> json, string folder)
    {
        try
        {
            var file = JsonSerializer.Deserialize(json.Span, ScenarioJson.Default.ScenarioFile) ?? throw new FormatException("null is no scenario");
            return file.ToScenario(name, folder);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw CommandFailure.BadUsage($"{name}: {e.Message}");
        }
    }

    private Scenario ToScenario(string name, string folder)
    {
        Require(Seconds is > 0 and <= MostSeconds, $"seconds must be above 0 and at most {MostSeconds}");
        Require(SampleSeconds > 0 && Seconds / SampleSeconds <= MostSamples, $"sampleSeconds must be above 0 and give at most {MostSamples} samples");
        Require(Tenants.Count > 0 && Tenants.Sum(tenant => (long)tenant.Copies) <= MostTenants, $"there must be from 1 to {MostTenants} tenants");
        var (tenants, steps) = (Tenants.SelectMany(tenant => tenant.ToTenants(folder)).ToList(), Capacity ?? []);
        Require(tenants.DistinctBy(tenant => tenant.Name).Count() == tenants.Count, "each tenant must have a name of its own");
        Require(steps.All(step => step.At >= 0 && step.Replicas >= 0), "capacity must not be negative, nor begin before 0");
        return new(Name ?? Path.GetFileNameWithoutExtension(name), Pool.ToSettings(steps), tenants, Seconds, steps) { SampleSeconds = SampleSeconds };
    }

    internal static void Require(bool holds, string rule)
    {
        if (!holds) throw new FormatException(rule);
    }

    internal static TokenCount Tokens(TokenCount? count, string name)
    {
        count ??= TokenCount.Exactly(64);
        Require(count.Min >= 0 && count.Max >= count.Min && count.Max <= MostTokens, $"{name} must be from 0 to {MostTokens} tokens, and max at least min");
        return count;
    }
}

/// <summary>The pool of a scenario file: the fields of <c>PUT /v1/pools/{pool}</c> that make a difference here.</summary>
internal sealed record PoolPart(
    Capacity PerReplica, int Replicas = 1, int? MaxReplicas = null, long KvBytesPerToken = 1, long DefaultMaxOutputTokens = 256, int BurstSeconds = 10, int LeaseSeconds = 300,
    int TickMs = 1000, AdmissionPolicy Policy = AdmissionPolicy.WeightedShare, bool Shadow = false, double Lending = 0, QueueBounds? Queue = null,
    EstimationBounds? Estimation = null)
{
    public PoolSettings ToSettings(IReadOnlyList<CapacityStep> steps)
    {
        var most = MaxReplicas ?? Math.Max(Replicas, steps.Select(step => step.Replicas).DefaultIfEmpty().Max());
        ScenarioFile.Require(Replicas >= 0 && most is >= 1 and <= 10_000, "pool.replicas must be from 0 to 10,000, and one at least must ever run");
        ScenarioFile.Require(PerReplica is { TokensPerSecond: > 0 and <= 100_000_000, Sequences: > 0 and <= 100_000, KvCacheBytes: > 0 and <= 1L << 48 }, "pool.perReplica must be above 0 in every dimension and of a real size");
        ScenarioFile.Require(KvBytesPerToken is >= 0 and <= 1_000_000_000 && DefaultMaxOutputTokens is >= 1 and <= 100_000_000, "pool.kvBytesPerToken or pool.defaultMaxOutputTokens is out of range");
        ScenarioFile.Require(BurstSeconds is >= 1 and <= 3600 && LeaseSeconds is >= 1 and <= 86_400 && TickMs is >= 100 and <= 3_600_000, "pool.burstSeconds, pool.leaseSeconds or pool.tickMs is out of range");
        ScenarioFile.Require(Lending is >= 0 and <= 1, "pool.lending must be from 0 to 1");
        ScenarioFile.Require(Estimation is null or { Quantile: >= 0.5 and <= 0.99, MinSamples: > 0 }, "pool.estimation.quantile must be from 0.5 to 0.99, and pool.estimation.minSamples above 0");
        return new("simulated", Replicas, PerReplica, KvBytesPerToken, DefaultMaxOutputTokens, BurstSeconds, LeaseSeconds, TickMs, new(0, most, 0.8), Policy, Shadow, Lending, Queue, Estimation);
    }
}

/// <summary>A tenant of a scenario file, or so many alike.</summary>
/// <param name="Open">Open loop. Exactly one of this, <paramref name="Closed"/> and <paramref name="Trace"/> is named.</param>
/// <param name="Trace">Path of a trace file, from the folder of the scenario.</param>
internal sealed record TenantPart(
    string Name, ServiceClass ServiceClass, Capacity Baseline = default, long SloTargetMs = 1000, int Copies = 1, OpenLoop? Open = null, ClosedLoop? Closed = null, string? Trace = null,
    TokenCount? Input = null, TokenCount? Output = null, double DeclaredOutput = 1, Retries? Retries = null, int WaitMs = 0, double EntitledFrom = 0, double Start = 0, double StartJitter = 0, double? Stop = null)
{
    public IEnumerable<Tenant> ToTenants(string folder)
    {
        ScenarioFile.Require(Copies >= 1, $"{Name}: copies must be at least 1");
        ScenarioFile.Require(EntitlementId.TryParse(Name, null, out _), $"a tenant's name {EntitlementId.Rule}");
        ScenarioFile.Require(SloTargetMs is >= 1 and <= 86_400_000 && DeclaredOutput is >= 0 and <= 1000 && WaitMs is >= 0 and <= 600_000, $"{Name}: sloTargetMs, declaredOutput or waitMs is out of range");
        ScenarioFile.Require(Start >= 0 && StartJitter >= 0 && EntitledFrom >= 0 && EntitledFrom <= Start, $"{Name}: start and entitledFrom must not be negative, and nobody asks before it is entitled");
        var tenant = new Tenant(Name, ServiceClass, Baseline, SloTargetMs, Arrivals(folder))
        {
            Input = ScenarioFile.Tokens(Input, $"{Name}: input"),
            Output = ScenarioFile.Tokens(Output, $"{Name}: output"),
            DeclaredOutput = DeclaredOutput,
            Retries = Retries ?? Retries.None,
            WaitMs = WaitMs,
            EntitledFrom = EntitledFrom,
            Start = Start,
            StartJitter = StartJitter,
            Stop = Stop ?? double.PositiveInfinity,
        };
        return Copies == 1 ? [tenant] : Enumerable.Range(1, Copies).Select(copy => tenant with { Name = $"{Name}-{copy}" });
    }

    private Arrivals Arrivals(string folder)
    {
        switch (Open, Closed, Trace)
        {
            case ({ PerSecond: > 0 and <= 1_000_000 } open, null, null): return open;
            case (null, { Clients: >= 0 and <= 100_000, ThinkSeconds: >= 0, StaggerSeconds: >= 0, PeriodSeconds: >= 0, MoreClients: >= 0 and <= 100_000, MoreAfter: >= 0, MoreSeconds: null or >= 0 } closed, null): return closed;
            case (null, null, { } file):
                var rows = TraceFile.Open(Path.Combine(folder, file)).Rows;
                var first = rows.Min(row => row.Arrival);
                return new Recorded([.. rows.Select(row => new RecordedArrival((row.Arrival - first).TotalSeconds, row.InputTokens, row.OutputTokens))]);
            default: throw new FormatException($"{Name}: exactly one of open (perSecond above 0), closed (clients) and trace says when requests come");
        }
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, NumberHandling = JsonNumberHandling.Strict, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, ReadCommentHandling = JsonCommentHandling.Skip,
    Converters = [typeof(WordConverter<ServiceClass>), typeof(WordConverter<AdmissionPolicy>), typeof(WordConverter<QueueOrder>), typeof(WordConverter<RetryKind>), typeof(WordConverter<Fate>)])]
[JsonSerializable(typeof(ScenarioFile))]
[JsonSerializable(typeof(SimulationReport))]
internal sealed partial class ScenarioJson : JsonSerializerContext;
