using System.Globalization;
using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>A load and what each policy makes of it over time: demand, replicas that serve, first tokens in time.</summary>
internal static class FleetPictures
{
    private const double BinSeconds = 30;

    public static Chart Of(string load, IReadOnlyList<(string Policy, RunLog Run)> runs)
    {
        var (_, first) = runs[0];
        var asked = first.Requests.Where(request => first.ClassOf(request) != ServiceClass.Spot).ToLookup(request => (int)(request.AskedAt / BinSeconds));
        var replica = first.Scenario.Pool.PerReplica.TokensPerSecond;
        var demand = new Curve("load", [.. Bins(first).Select(bin => new Dot((bin + 0.5) * BinSeconds, asked[bin].Sum(request => request.Tokens) / BinSeconds / replica))], 5, Dashed: true);
        List<Panel> panels =
        [
            .. runs.Select(run => new Panel($"{run.Policy}: replicas that serve, and the load in replicas", [new("ready", [.. run.Run.Fleet.Select(sample => new Dot(sample.At, sample.Ready))], 0), demand])),
            new("first tokens in time, %", [.. runs.Index().Select(run => new Curve(run.Item.Policy, [.. InTime(run.Item.Run)], run.Index))]),
        ];
        var most = panels.SkipLast(1).Max(panel => panel.Top);
        return new($"Scaling under {load}", string.Create(CultureInfo.InvariantCulture, $"one run of each, seed {first.Seed}"), "seconds", "",
            [.. panels.SkipLast(1).Select(panel => panel with { Highest = most }), panels[^1]], 2);
    }

    /// <summary>The two sides of each policy, with what they have to serve.</summary>
    public static Chart Of(IReadOnlyList<(string Policy, SidesRun Run)> runs, int seed)
    {
        static Curve Mean(string name, SidesRun run, int colour, Func<(double At, int Prefill, int Decode, double PrefillLoad, double DecodeLoad), double> of, bool dashed) =>
            new(name, [.. run.Samples.Chunk((int)BinSeconds).Select(bin => new Dot(bin[0].At + BinSeconds / 2, bin.Average(of)))], colour, dashed);
        return new("Prefill and decode apart while the mix shifts", string.Create(CultureInfo.InvariantCulture, $"one run of each, seed {seed}; dashed: the load in replicas"), "seconds", "",
        [
            .. runs.Select(run => new Panel($"{run.Policy}: replicas that serve",
            [
                Mean("prefill", run.Run, 0, sample => sample.Prefill, false), Mean("decode", run.Run, 1, sample => sample.Decode, false),
                Mean("", run.Run, 0, sample => sample.PrefillLoad, true), Mean("", run.Run, 1, sample => sample.DecodeLoad, true),
            ])),
        ], 2);
    }

    private static IEnumerable<Dot> InTime(RunLog run)
    {
        var asked = run.Requests.Where(request => run.ClassOf(request) != ServiceClass.Spot).ToLookup(request => (int)(request.AskedAt / BinSeconds));
        // The last bin has requests that could not have been answered.
        return Bins(run).SkipLast(1).Select(bin => new Dot((bin + 0.5) * BinSeconds, asked[bin].Any() ? 100.0 * asked[bin].Count(request => FleetFigures.IsInTime(run, request)) / asked[bin].Count() : double.NaN));
    }

    private static IEnumerable<int> Bins(RunLog run) => Enumerable.Range(0, (int)(run.Scenario.Seconds / BinSeconds));
}
