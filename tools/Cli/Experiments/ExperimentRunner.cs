using System.Text.Json;
using TokenLedger.Cli.Bench;
using TokenLedger.Cli.Simulation;

namespace TokenLedger.Cli.Experiments;

/// <summary>An experiment as it came out.</summary>
/// <param name="Rows">Every figure over all seeds, judged by its target.</param>
/// <param name="First">The runs of the first seed, which the pictures show.</param>
internal sealed record ExperimentOutcome(Experiment Experiment, int Seeds, IReadOnlyList<BenchRow> Rows, IReadOnlyDictionary<string, RunLog> First)
{
    public BenchReport Report => new($"experiment {Experiment.Name}", JsonSerializer.SerializeToElement(new { seeds = Seeds, time = "virtual" }), Rows);
}

/// <summary>Plays every variant of an experiment with every seed, and judges what comes out.</summary>
internal static class ExperimentRunner
{
    /// <summary>What the figures must reach, apart from the code that measures them.</summary>
    public static IReadOnlyDictionary<string, BenchTarget> Targets { get; } = BenchTarget.Load("TokenLedger.Cli.Experiments.targets.json");

    public static ExperimentOutcome Run(Experiment experiment, IReadOnlyList<Variant> variants, int seeds, Action progress, CancellationToken ct)
    {
        if (!experiment.IsRandom) seeds = 1;
        var first = Play(1);
        var figures = Enumerable.Range(1, seeds).AsParallel().AsOrdered().WithCancellation(ct).Select(seed => experiment.Measure(seed, seed == 1 ? first : Play(seed)).ToList()).ToArray();
        return new(experiment, seeds, [.. Rows(experiment.Name, figures)], first);

        IReadOnlyDictionary<string, RunLog> Play(int seed)
        {
            var runs = new OrderedDictionary<string, RunLog>();
            foreach (var variant in variants)
            {
                ct.ThrowIfCancellationRequested();
                runs[variant.Name] = SimulationRun.Play(variant.Scenario, seed);
                progress();
            }
            return runs;
        }
    }

    private static IEnumerable<BenchRow> Rows(string experiment, List<Figure>[] figures) =>
        figures.SelectMany(seed => seed).GroupBy(figure => (figure.Variant, figure.Name)).Select(BenchRow? (group) =>
        {
            var name = $"{experiment}/{group.Key.Variant}/{group.Key.Name}";
            var values = group.Select(figure => figure.Value).Where(double.IsFinite).ToList();
            if (values.Count == 0) return Targets.ContainsKey(name) ? throw CommandFailure.Failed($"{name} has a target and could not be measured.") : null;
            var (any, spread) = (group.First(), Statistics.MedianOf(values));
            var value = any.Worst switch
            {
                Worst.Largest => values.Max(),
                Worst.Smallest => values.Min(),
                _ => spread.Median,
            };
            return BenchRow.Judge(new(name, value, any.Unit, any.Published, any.Published is null ? null : "published"), Targets.GetValueOrDefault(name)) with { Low = spread.Low, High = spread.High };
        }).OfType<BenchRow>();
}
