using System.Globalization;
using System.Text.Json;

namespace TokenLedger.Cli.Bench;

/// <summary>What a row must reach. All of them stand in targets.json, apart from the code that measures.</summary>
/// <param name="Of"><c>value</c>, or <c>ratio</c> for value ÷ baseline.</param>
internal sealed record BenchTarget(string Row, string Of, double? AtLeast = null, double? AtMost = null)
{
    public double Number => AtLeast ?? AtMost ?? throw new InvalidOperationException($"The target of '{Row}' has no number.");

    /// <summary>A ratio that could not be taken meets nothing.</summary>
    public bool IsMet(double value, double? ratio)
    {
        var number = Of switch
        {
            "value" => value,
            "ratio" => ratio ?? double.NaN,
            _ => throw new InvalidOperationException($"The target of '{Row}' is of neither value nor ratio."),
        };
        return AtLeast is { } least ? number >= least : number <= Number;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Of} {(AtLeast is null ? "≤" : "≥")} {Number:0.###}");

    /// <summary>All targets by the row they are for.</summary>
    public static IReadOnlyDictionary<string, BenchTarget> Load(string resource = "TokenLedger.Cli.Bench.targets.json")
    {
        using var file = typeof(BenchTarget).Assembly.GetManifestResourceStream(resource)!;
        return JsonSerializer.Deserialize(file, BenchJson.Default.BenchTargetArray)!.ToDictionary(target => target.Row);
    }
}
