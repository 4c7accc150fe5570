using System.Text.Json.Serialization;

namespace TokenLedger.Hosting;

/// <summary>The answer of <c>/readyz</c>.</summary>
public sealed record Readiness(string Status, IReadOnlyList<ReadinessCheck> Checks, IReadOnlyList<ProjectionStanding> Projections);

/// <summary>One thing that the process cannot work without.</summary>
public sealed record ReadinessCheck(string Name, string Status, string? Detail);

/// <summary>Where a follower stands. <see cref="SecondsStanding"/> is how long it has not moved although there is something to move for.</summary>
public sealed record ProjectionStanding(string Name, long Position, long Head, long Lag, double SecondsStanding);

/// <summary>The answer of <c>/livez</c>: the process is up and serves requests.</summary>
public sealed record Liveness(string Status);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Readiness))]
[JsonSerializable(typeof(Liveness))]
internal sealed partial class HealthJson : JsonSerializerContext;
