using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>DriftSched's benchmark rebuilt: five orders of waiting and ours, in static batches as published and with continuous batching.</summary>
internal sealed class Drift() : Experiment("drift", "Drift: who goes first when nobody knows how long an answer will be?")
{
    private const string Continuous = "@continuous";

    private static readonly string[] s_measures = ["wait", "p50", "p95", "p99"];

    /// <summary>Published: mean wait, and latency at the median, the 95th and the 99th percentile, in seconds.</summary>
    private static readonly (string Name, QueueOrder Order, double[]? Published)[] s_orders =
    [
        ("fifo", QueueOrder.Fifo, [238.8, 184.7, 593.0, 630.2]),
        ("priority", QueueOrder.StrictPriority, [239.2, 197.8, 599.8, 633.7]),
        ("weighted", QueueOrder.WeightedCycle, [241.0, 192.8, 595.6, 631.3]),
        ("ageing", QueueOrder.Ageing, [245.0, 196.3, 612.0, 644.6]),
        ("sjf", QueueOrder.ShortestJob, [149.5, 106.9, 491.5, 526.4]),
        ("ours", QueueOrder.WeightOverCost, null),
    ];

    public override IReadOnlyList<Variant> Variants => [];

    public override string Setup => """
        The benchmark of DriftSched (arXiv 2606.02982): 3,000 requests of three tiers drawn evenly; the first 1,000 are 40/25/25/10 % short_qa, summary, technical and report with gaps of 0.05 to 0.15 s; when all are served, after a pause of 15 s,
        2,000 of 10/20/40/30 % with gaps of 0.005 to 0.03 s. Answers have 64, 256, 384 and 512 tokens at the most and 80 % of that ± 5 % in truth. A static batch takes 32 requests and 0.25 s + 0.020 s for each token of its longest cap.
        `wait` is the mean time until an answer begins, `p50` to `p99` are of the time until it is delivered, at the end of its batch.

        Ours, where the paper says nothing: prompts have 5 to 20 tokens, evenly drawn; a static batch begins when 32 requests wait or all of the phase have come; an order is kept by the estimate at arrival; within a key first come first served.
        DriftSched's estimate is the published one with its tier factors 1.2, 1.0 and 0.8; `error-mae` and `error-rmse` compare it with itself without the correction B. Requests of `ours` are ordered by weight over expected cost, with ageing:
        the tiers have weights of 1.1, 1.0 and 0.9, the cost is what the core expects (no safety in it), and a doubling of weight ÷ cost is worth 300 s of waiting.

        `@continuous` is the same on an engine that gives a place to the next request as soon as an answer has ended: 0.25 s and 0.020 s for each token that it really has.
        """;

    public override IEnumerable<Figure> Measure(IReadOnlyDictionary<string, RunLog> runs) => throw new NotSupportedException("The seed is needed to draw the requests.");

    public override IEnumerable<Figure> Measure(int seed, IReadOnlyDictionary<string, RunLog> runs)
    {
        var requests = DriftRequests.Draw(seed);
        var batches = s_orders.ToDictionary(order => order.Name, order => DriftRun.InBatches(order.Order, requests));
        var continuous = s_orders.ToDictionary(order => order.Name, order => DriftRun.Continuously(order.Order, requests));
        foreach (var (name, _, published) in s_orders)
        {
            foreach (var figure in Of(name, batches[name], published)) yield return figure;
            foreach (var figure in Of(name + Continuous, continuous[name], published: null)) yield return figure;
            yield return new(name + Continuous, "wait-to-static", continuous[name].MeanWait() / batches[name].MeanWait(), "of that in static batches");
            yield return new(name + Continuous, "p99-to-static", continuous[name].Latency(0.99) / batches[name].Latency(0.99), "of that in static batches");
        }
        foreach (var (suffix, of) in new[] { ("", batches), (Continuous, continuous) })
        {
            yield return new($"ours{suffix}", "p50-to-sjf", of["ours"].Latency(0.5) / of["sjf"].Latency(0.5), "of SJF's");
            yield return new($"ours{suffix}", "p99-to-sjf", of["ours"].Latency(0.99) / of["sjf"].Latency(0.99), "of SJF's");
        }
        var errors = batches["fifo"].Errors;
        var corrected = 100 * (errors.Average(e => Math.Abs(e.Corrected)) / errors.Average(e => Math.Abs(e.Uncorrected)) - 1);
        yield return new("fifo", "error-mae", corrected, "% by the correction", -38.8);
        yield return new("fifo", "error-mae-off", Math.Abs(corrected + 40), "points off −40");
        yield return new("fifo", "error-rmse", 100 * (Math.Sqrt(errors.Average(e => e.Corrected * e.Corrected) / errors.Average(e => e.Uncorrected * e.Uncorrected)) - 1), "% by the correction", -40.5);
        yield return new("ours", "error-mae", 100 * (errors.Average(e => Math.Abs(e.Ours)) / errors.Average(e => Math.Abs(e.Uncorrected)) - 1), "% by the correction");
        yield return new("ours", "error-rmse", 100 * (Math.Sqrt(errors.Average(e => e.Ours * e.Ours) / errors.Average(e => e.Uncorrected * e.Uncorrected)) - 1), "% by the correction");
    }

    public override IEnumerable<(string File, Chart Chart)> Draw(IReadOnlyDictionary<string, RunLog> runs)
    {
        var requests = DriftRequests.Draw(seed: 1);
        Panel Of(string title, Func<QueueOrder, IReadOnlyList<DriftRequest>, DriftRun> play) => new(title,
            [.. s_orders.Index().Select(order => new Curve(order.Item.Name, Percentiles(play(order.Item.Order, requests)), order.Index))]);
        yield return ("drift-latency", new("Latency by share of requests", "seed 1", "% of requests", "s until it is delivered",
            [Of("static batches", DriftRun.InBatches), Of("continuous batching", DriftRun.Continuously)], 2));
    }

    private static List<Dot> Percentiles(DriftRun run) => [.. Enumerable.Range(1, 99).Select(percent => new Dot(percent, run.Latency(percent / 100.0)))];

    private static IEnumerable<Figure> Of(string variant, DriftRun run, double[]? published)
    {
        double[] values = [run.MeanWait(), run.Latency(0.5), run.Latency(0.95), run.Latency(0.99)];
        foreach (var (index, name) in s_measures.Index())
        {
            yield return new(variant, name, values[index], "s", published?[index]);
            if (published is not null) yield return new(variant, $"{name}-off", 100 * Math.Abs(values[index] / published[index] - 1), "% off the published");
        }
        for (var tier = 0; tier < DriftRequests.Tiers.Count; tier++) yield return new(variant, $"wait-{DriftRequests.Tiers[tier]}", run.MeanWait(tier), "s");
        yield return new(variant, "premium-to-standard", run.MeanWait(0) / run.MeanWait(1), "of the mean wait");
        yield return new(variant, "standard-to-batch", run.MeanWait(1) / run.MeanWait(2), "of the mean wait");
    }
}
