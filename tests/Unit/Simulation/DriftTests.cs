using TokenLedger.Cli.Experiments;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Unit.Simulation;

/// <summary>DriftSched's benchmark at few seeds.</summary>
public sealed class DriftTests
{
    /// <summary>Where the benchmark as the paper tells it does not come within 12 % of what the paper found; the report says so.</summary>
    private static readonly string[] s_missed = ["drift/priority/p50-off", "drift/ageing/p50-off"];

    [Fact]
    public void Meets_its_targets_but_for_two_medians()
    {
        var drift = new Drift();
        var outcome = ExperimentRunner.Run(drift, drift.Variants, 3, () => { }, TestContext.Current.CancellationToken);
        Assert.Equal(s_missed, outcome.Rows.Where(row => row.Ok is false).Select(row => row.Name));
        Assert.All(outcome.Rows.Where(row => s_missed.Contains(row.Name)), row => Assert.InRange(row.Value, 12, 20));
        Assert.Equal(ExperimentRunner.Targets.Keys.Count(row => row.StartsWith("drift/", StringComparison.Ordinal)), outcome.Rows.Count(row => row.Ok is not null));
    }

    [Fact]
    public void Draws_the_mixes_and_gaps_of_the_paper()
    {
        var requests = DriftRequests.Draw(seed: 3);
        Assert.Equal((1_000, 2_000), (requests.Count(r => r.Phase == 0), requests.Count(r => r.Phase == 1)));
        Assert.InRange(requests.Last(r => r.Phase == 0).SentAt, 95, 105);
        Assert.InRange(requests.Last(r => r.Phase == 1).SentAt, 33, 37);
        Assert.InRange(requests.Count(r => r is { Phase: 0, Workload: "short_qa" }), 350, 450);
        Assert.InRange(requests.Count(r => r is { Phase: 1, Workload: "report" }), 540, 660);
        Assert.InRange(requests.Average(r => (double)r.OutputTokens / r.Cap), 0.79, 0.81);
        Assert.All(DriftRequests.Tiers.Index(), tier => Assert.InRange(requests.Count(r => r.Tier == tier.Index), 900, 1_100));
    }

    [Theory]
    [InlineData(QueueOrder.Fifo)]
    [InlineData(QueueOrder.WeightedCycle)]
    [InlineData(QueueOrder.WeightOverCost)]
    public void Every_request_is_served_once_and_none_before_it_came(QueueOrder order)
    {
        var requests = DriftRequests.Draw(seed: 2);
        foreach (var run in new[] { DriftRun.InBatches(order, requests), DriftRun.Continuously(order, requests) })
        {
            Assert.Equal(requests.Select(r => r.Number), run.All.Select(served => served.Request.Number).Order());
            Assert.All(run.All, served => Assert.True(served.Wait >= 0 && served.Latency > served.Wait));
        }
    }

    [Fact]
    public void A_batch_lasts_as_long_as_its_longest_cap()
    {
        var run = DriftRun.InBatches(QueueOrder.Fifo, DriftRequests.Draw(seed: 1));
        var batches = run.All.Chunk(32).ToList();
        Assert.All(batches[..31], batch => Assert.All(batch, served => Assert.Equal(0.25 + 0.020 * batch.Max(other => other.Request.Cap), served.Latency - served.Wait, 6)));
        Assert.Equal(32, batches[0].Length);
    }

    [Fact]
    public void The_cycle_takes_five_of_premium_three_of_standard_and_two_of_batch()
    {
        var queue = new DriftQueue(QueueOrder.WeightedCycle);
        for (var i = 0; i < 90; i++) queue.Add(new(i, 0, i, "summary", i % 3, 10, 256, 200), i);
        var first = Enumerable.Range(0, 40).Select(_ => queue.Take().Request.Tier).ToList();
        Assert.Equal((20, 12, 8), (first.Count(t => t == 0), first.Count(t => t == 1), first.Count(t => t == 2)));
    }
}
