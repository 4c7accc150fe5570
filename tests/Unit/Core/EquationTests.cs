using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The three equations of docs/domain.md with the numbers they must give.</summary>
public sealed class EquationTests
{
    [Theory]
    [InlineData(500, 15_250, 0, 93.85)]
    [InlineData(30_000, 15_250, 0, 20.27)]
    [InlineData(5_000, 15_250, 0, 60.40)]
    [InlineData(30_000, 15_250, 0.775, 83.1)]
    public void Weighs_an_elastic_entitlement_by_target_and_debt(double target, double mean, double debt, double weight) =>
        Assert.Equal(weight, PriorityWeight.Of(ServiceClass.Elastic, target, mean, 0, debt), 0.05);

    [Fact]
    public void A_pool_weighs_its_entitlements_against_the_mean_of_their_targets()
    {
        var pool = new PoolScenario().Given(Configure(), Grant("copilot", ServiceClass.Elastic, slo: 500), Grant("synth", ServiceClass.Elastic, slo: 30_000));
        Assert.Equal(93.85, pool["copilot"].Weight, 0.005);
        Assert.Equal(20.27, pool["synth"].Weight, 0.005);
        pool.Given(Grant("reports", ServiceClass.Elastic, slo: 5_000));
        Assert.Equal([92.2, 16.5, 54.2], pool.State.Entitlements.Values.Select(e => Math.Round(e.Weight, 1)));
    }

    [Theory]
    [InlineData(ServiceClass.Dedicated, 1000)]
    [InlineData(ServiceClass.Guaranteed, 1000)]
    [InlineData(ServiceClass.Elastic, 100)]
    [InlineData(ServiceClass.Spot, 1)]
    [InlineData(ServiceClass.Preemptible, 0.1)]
    public void A_class_starts_from_its_base_weight(ServiceClass serviceClass, double weight)
    {
        Assert.Equal(weight, PriorityWeight.OfClass(serviceClass));
        Assert.Equal(weight / 3, PriorityWeight.Of(serviceClass, 500, 500, 0, 0), 1e-9);
    }

    [Fact]
    public void Burst_divides_the_weight() =>
        Assert.Equal(PriorityWeight.Of(ServiceClass.Spot, 1, 1, 0, 0) / 2.5, PriorityWeight.Of(ServiceClass.Spot, 1, 1, burst: 1.5, 0), 1e-12);

    [Theory]
    [InlineData(-0.2, 0.2)]
    [InlineData(-0.225, 0.1)]
    [InlineData(-0.25, 0.1)]
    [InlineData(-1.2, 0.1)]
    public void Credit_lowers_the_weight_to_a_tenth_at_the_most(double debt, double factor) =>
        Assert.Equal(factor * 100 / 3, PriorityWeight.Of(ServiceClass.Elastic, 1, 1, 0, debt), 1e-9);

    [Theory]
    [InlineData(10, 20, 5, 0.5)]
    [InlineData(10, 20, 0, 1)]
    [InlineData(10, 4, 4, 0)]
    [InlineData(10, 4, 1, 0.3)]
    [InlineData(10, 0, 0, 0)]
    [InlineData(10, 15, 15, -0.5)]
    [InlineData(0, 15, 0, 0)]
    public void The_gap_is_what_was_due_and_asked_for_but_not_received(double baseline, double demand, double received, double gap) =>
        Assert.Equal(gap, Debt.Gap(baseline, demand, received), 1e-12);

    [Fact]
    public void Averages_keep_seven_tenths_and_take_three_of_the_new()
    {
        Assert.Equal(0.3, Debt.Next(0, 1), 1e-12);
        Assert.Equal(0.51, Debt.Next(0.3, 1), 1e-12);
        Assert.Equal(0.7 * 0.5 - 0.3, Debt.Next(0.5, -1), 1e-12);
        Assert.Equal(0.7 * 2 + 0.3 * 0.5, Burst.Next(2, 0.5), 1e-12);
    }

    [Theory]
    [InlineData(15, 10, 99, 0.5)]
    [InlineData(5, 10, 99, 0)]
    [InlineData(20, 0, 10, 1)]
    [InlineData(5, 0, 10, 0)]
    [InlineData(5, 0, 0, 0)]
    public void Excess_is_measured_against_the_baseline_or_the_nominal_share(double used, double entitled, double nominal, double excess) =>
        Assert.Equal(excess, Burst.Excess(used, entitled, nominal), 1e-12);

    [Theory]
    [InlineData(new double[] { }, 1)]
    [InlineData(new double[] { 0, 0 }, 1)]
    [InlineData(new double[] { 0.5, 0.5, 0.5 }, 1)]
    [InlineData(new double[] { 1, 0, 0, 0 }, 0.25)]
    public void Jain_finds_equal_shares_and_a_single_taker(double[] shares, double index) =>
        Assert.Equal(index, FairnessDecisions.JainIndex(shares), 1e-12);

    [Fact]
    public void An_8b_model_in_half_precision_keeps_24_requests_of_8k_tokens_in_24_gib()
    {
        const long bytesPerToken = 2L * 32 * 8 * 128 * 2;
        Assert.Equal(131_072, bytesPerToken);
        var pool = new PoolScenario().Given(Configure(tokens: 1_000_000, kv: 24L << 30, sequences: 100, kvPerToken: bytesPerToken), Grant("e", ServiceClass.Elastic));
        for (var i = 1; i <= 24; i++) pool.Given(Admit(i, "e", 8_000, 192));
        Assert.Equal(24L << 30, pool.State.Held.KvCacheBytes);
        pool.When(Admit(25, "e", 1)).ThenRefuses(DenialReason.KvExceeded);
    }
}
