using System.Text.Json;

namespace TokenLedger.Benchmarks;

/// <summary>Writes what was measured: one line of JSON on standard output for each row, words about the progress on standard error. Targets are the reader's business.</summary>
internal static class Results
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    /// <param name="against">What the baseline is, in a few words.</param>
    public static void Row(string name, double value, string unit, double? baseline = null, string? against = null)
    {
        System.Console.Out.WriteLine(JsonSerializer.Serialize(new { name, value, unit, baseline, against }, s_json));
        System.Console.Out.Flush();
        Say(baseline is { } other ? $"{name}: {value:0.###} {unit}, {against} {other:0.###}, ratio {value / other:0.###}" : $"{name}: {value:0.###} {unit}");
    }

    /// <summary>A point of a curve.</summary>
    public static void Sample(string name, double at, double value, string unit)
    {
        System.Console.Out.WriteLine(JsonSerializer.Serialize(new { name, at, value, unit }, s_json));
        Say($"{name} at {at:0}: {value:0.#} {unit}");
    }

    /// <summary>Two numbers that were measured in the same round.</summary>
    public static void Row(string name, (double Value, double Baseline) round, string unit, string against) => Row(name, round.Value, unit, round.Baseline, against);

    public static void Machine(Machine machine) => System.Console.Out.WriteLine(JsonSerializer.Serialize(new { machine }, s_json));

    public static void Say(string progress) => System.Console.Error.WriteLine(progress);
}
