using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Cli.Bench;

/// <summary>A figure as it was measured.</summary>
/// <param name="Against">What the baseline is, in words; null without one.</param>
internal sealed record Measurement(string Name, double Value, string Unit, double? Baseline = null, string? Against = null);

/// <summary>A figure with its judgement.</summary>
/// <param name="Ratio">Value ÷ baseline.</param>
/// <param name="Target">The number to hold; <paramref name="Rule"/> says of what and in which direction.</param>
/// <param name="Ok">Null without a target.</param>
/// <param name="Low">With <paramref name="High"/> the 95 % interval of the median over several runs; null for a single one.</param>
internal sealed record BenchRow(string Name, double Value, string Unit, double? Baseline, double? Ratio, double? Target, bool? Ok, string? Against = null, string? Rule = null, double? Low = null, double? High = null)
{
    public static BenchRow Judge(Measurement measured, BenchTarget? target)
    {
        double? ratio = measured.Baseline is { } baseline and not 0 ? measured.Value / baseline : null;
        return new(
            measured.Name, measured.Value, measured.Unit, measured.Baseline, ratio, target?.Number, target?.IsMet(measured.Value, ratio), measured.Against, target?.ToString());
    }
}

/// <summary>A point of a curve.</summary>
internal sealed record BenchSample(string Curve, double At, double Value);

/// <summary>What a run of the benchmarks came to.</summary>
/// <param name="Machine">As the benchmarks describe it: cores, memory, processor, kernel, PostgreSQL, .NET, load.</param>
internal sealed record BenchReport(string Name, JsonElement? Machine, IReadOnlyList<BenchRow> Rows)
{
    /// <summary>Points of curves, for a picture.</summary>
    [JsonIgnore]
    public IReadOnlyList<BenchSample> Samples { get; init; } = [];

    [JsonIgnore]
    public bool Ok => Rows.All(row => row.Ok is not false);

    public string ToJson() => JsonSerializer.Serialize(this, BenchJson.Default.BenchReport);
}

/// <summary>One line of the benchmarks' output: the machine, a figure, or with <paramref name="At"/> a point of a curve.</summary>
internal sealed record BenchLine(JsonElement? Machine, string? Name, double Value, string? Unit, double? Baseline, string? Against, double? At)
{
    public static BenchLine Read(string line) => JsonSerializer.Deserialize(line, BenchJson.Default.BenchLine) ?? throw new JsonException("A line is an object.");
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(BenchLine))]
[JsonSerializable(typeof(BenchTarget[]))]
internal sealed partial class BenchJson : JsonSerializerContext;
