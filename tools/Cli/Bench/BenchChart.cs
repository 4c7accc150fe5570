using TokenLedger.Cli.Plots;

namespace TokenLedger.Cli.Bench;

/// <summary>The picture of a run in which memory was watched: a line for each gateway.</summary>
internal static class BenchChart
{
    public static Chart Memory(IReadOnlyList<BenchSample> samples)
    {
        var curves = samples.GroupBy(sample => sample.Curve).Select((curve, index) => new Curve(curve.Key, [.. curve.Select(sample => new Dot(sample.At / 1_000, sample.Value))], index, Marked: true));
        return new("Resident memory", "of the gateways' processes, while the same small request is served again and again", "requests, in thousands", "MB", [new("", [.. curves])], Columns: 1);
    }
}
