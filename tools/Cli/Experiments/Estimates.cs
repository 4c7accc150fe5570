using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;
using TokenLedger.Cli.Traces;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>How well the length of answers is told on recorded traces, walking forward, and how many more requests a pool admits for it.</summary>
internal sealed class Estimates : Experiment
{
    private const int Replicas = 10;
    private const int SequencesPerReplica = 64;
    private const long KvTokensPerReplica = 3_000;
    private readonly IReadOnlyList<Trace> _traces;

    public Estimates(IReadOnlyList<string> files) : base("estimates", "Estimates: how long will the answer be?")
    {
        _traces = [.. files.Select(file => new Trace(Path.GetFileNameWithoutExtension(file), [.. TraceFile.Open(file).Rows.OrderBy(row => row.Arrival)]))];
        if (_traces.DistinctBy(trace => trace.Name).Count() < _traces.Count) throw CommandFailure.BadUsage("Two of the files have the same name.");
        Variants = [.. _traces.SelectMany(trace => (Variant[])
        [
            new($"limit@{trace.Name}", Scenario(trace, Forecast.OutputLimit, null)), new($"static@{trace.Name}", Scenario(trace, Core.Estimation.DriftEstimate.DefaultBase, null)),
            new($"ours@{trace.Name}", Scenario(trace, Forecast.OutputLimit, new())),
        ])];
    }

    public override IReadOnlyList<Variant> Variants { get; }

    public override bool IsRandom => false;

    public override string Setup => """
        Each request of a trace is estimated when it arrives, from nothing but the requests that have completed by then: arrival + input / 12,800 + output / 98.5 seconds, the engine of ten replicas of 1,280 tokens/s and 13 slots each.
        Nothing is fitted on what is scored. `limit` reserves 1,024 tokens, `static` 256; `ema` is DriftSched's estimator as published (arXiv 2606.02982) with base 256, as the traces name no class; `mean` is the mean of all answers so far;
        `ours` is what a pool does with the default settings. `mae` and `rmse` are of what is expected, in tokens; `covered` is the share of requests within what is reserved, in the worst of the windows of ten minutes (of 200 requests at least);
        `unused` are output tokens reserved and not used, as a share of those that `limit` leaves unused.

        `admitted` is what it buys, in the simulator: the trace is sent to a pool of ten replicas with 64 sequences, 2,560 tokens/s and KV cache for 3,000 tokens each, in which KV cache is so short that `limit` refuses a third to half of them; who is refused does not come back. Requests name 1,024 tokens as their limit (`limit`, `ours`) or 256 (`static`, as if their answers kept to it).
        """;

    public override IEnumerable<Figure> Measure(IReadOnlyDictionary<string, RunLog> runs)
    {
        foreach (var trace in _traces)
        {
            var (limit, ema, mean) = (trace.Results["limit"], trace.Results["ema"].MeanAbsoluteError, trace.Results["mean"].MeanAbsoluteError);
            foreach (var (name, result) in trace.Results)
            {
                var variant = $"{name}@{trace.Name}";
                yield return new(variant, "mae", result.MeanAbsoluteError, "tokens");
                yield return new(variant, "rmse", result.RootMeanSquareError, "tokens");
                yield return new(variant, "mae-to-ema", result.MeanAbsoluteError / ema, "of DriftSched's");
                yield return new(variant, "mae-to-mean", result.MeanAbsoluteError / mean, "of the running mean's");
                yield return new(variant, "covered-least", result.Coverages.DefaultIfEmpty(double.NaN).Min(), "% of a window");
                yield return new(variant, "covered-most", result.Coverages.DefaultIfEmpty(double.NaN).Max(), "% of a window");
                yield return new(variant, "unused", (double)result.Unused / limit.Unused, "of those of the limit");
                if (!runs.TryGetValue(variant, out var run)) continue;
                yield return new(variant, "admitted", run.Samples[^1].Tenants[0].Admitted, "requests");
                yield return new(variant, "admitted-to-limit", (double)run.Samples[^1].Tenants[0].Admitted / runs[$"limit@{trace.Name}"].Samples[^1].Tenants[0].Admitted, "of those of the limit");
            }
        }
    }

    public override IEnumerable<(string File, Chart Chart)> Draw(IReadOnlyDictionary<string, RunLog> runs)
    {
        foreach (var trace in _traces)
        {
            Curve Of(string name, int colour, Func<WalkForward.Window, double> value) =>
                new(name, [.. trace.Results[name].Windows.Index().Where(window => window.Item.Requests > 0).Select(window => new Dot(10 * (window.Index + 0.5), value(window.Item)))], colour, Marked: true);
            yield return ($"estimates-{trace.Name}", new($"Estimates on {trace.Name}", "walk-forward, windows of ten minutes", "minutes", "",
            [
                new("mean absolute error, tokens", [Of("ema", 1, w => w.MeanAbsoluteError), Of("mean", 2, w => w.MeanAbsoluteError), Of("ours", 0, w => w.MeanAbsoluteError)]),
                new("within what ours reserves, %", [Of("ours", 0, w => w.Coverage)], Highest: 100),
            ], 2));
        }
    }

    private static Scenario Scenario(Trace trace, long limit, EstimationBounds? estimation)
    {
        var pool = Pools.Of(Replicas, SequencesPerReplica, tokensPerSecond: 2560, AdmissionPolicy.WeightedShare, lending: 0) with
        {
            PerReplica = new(2560, KvTokensPerReplica, SequencesPerReplica),
            DefaultMaxOutputTokens = Forecast.OutputLimit,
            Estimation = estimation,
        };
        var (first, seconds) = (trace.Rows[0].Arrival, (trace.Rows[^1].Arrival - trace.Rows[0].Arrival).TotalSeconds);
        var arrivals = trace.Rows.Select(row => new RecordedArrival((row.Arrival - first).TotalSeconds, row.InputTokens, Math.Min(Forecast.OutputLimit, row.OutputTokens))).ToList();
        return new("estimates", pool, [new("trace", ServiceClass.Elastic, pool.PerReplica * Replicas, 1_000, new Recorded(arrivals)) { OutputLimit = limit }], Math.Ceiling(seconds) + 1) { SampleSeconds = 10 };
    }

    /// <summary>A trace in the order of its arrivals, with what each forecast makes of it.</summary>
    private sealed class Trace(string name, IReadOnlyList<TraceRow> rows)
    {
        public string Name => name;
        public IReadOnlyList<TraceRow> Rows => rows;
        public OrderedDictionary<string, WalkForward> Results { get; } = new(Forecast.All().Select(forecast => KeyValuePair.Create(forecast.Name, WalkForward.Play(rows, forecast))));
    }
}
