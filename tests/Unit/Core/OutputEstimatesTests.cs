using System.Text.Json;
using TokenLedger.Contracts;
using TokenLedger.Core.Estimation;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>What is learned of the length of answers, and what it costs to remember.</summary>
public sealed class OutputEstimatesTests
{
    private const long Quantile = 900_000;
    private static readonly TenantId s_tenant = new("tenant");

    [Theory]
    [InlineData("short_qa", 64)]
    [InlineData("summary", 256)]
    [InlineData("technical", 384)]
    [InlineData("report", 512)]
    [InlineData(null, 256)]
    public void DriftSched_starts_from_the_base_of_its_class(string? workload, long tokens) => Assert.Equal(tokens, new DriftEstimate(workload).Of(inputTokens: 0));

    [Fact]
    public void DriftSched_multiplies_bias_tier_and_input_and_clips_what_it_learns()
    {
        var estimate = new DriftEstimate("technical");
        Assert.Equal((460, 384, 307), (estimate.Of(0, DriftEstimate.FactorOf(0)), estimate.Of(0, DriftEstimate.FactorOf(1)), estimate.Of(0, DriftEstimate.FactorOf(2))));
        Assert.Equal((480, 576, 576), (estimate.Of(250), estimate.Of(500), estimate.Of(50_000)));
        estimate.Learn(192);
        Assert.Equal(950_000, estimate.Bias);
        estimate.Learn(1_000_000);
        Assert.Equal(1_155_000, estimate.Bias);
        estimate.Learn(0);
        Assert.Equal(1_064_500, estimate.Bias);
    }

    [Fact]
    public void Quantiles_are_those_of_the_last_outputs()
    {
        var outputs = new RecentOutputs(5);
        foreach (var output in (int[])[900, 900, 40, 10, 30, 20, 50]) outputs.Add(output);
        Assert.Equal([40, 10, 30, 20, 50], outputs.InOrder);
        Assert.Equal((10_000, 30_000, 35_000, 50_000), (outputs.Quantile(0), outputs.Quantile(500_000), outputs.Quantile(583_334) / 1_000 * 1_000, outputs.Quantile(833_333) / 1_000 * 1_000 + 1_000));
        Assert.Equal(50_000 + 50_000 * 7 / 10 / 2, outputs.Quantile(950_000));
    }

    [Fact]
    public void Lengths_fall_into_classes_an_eighth_of_an_octave_wide()
    {
        Assert.Equal(InputBins.Of(1_024), InputBins.Of(1_151));
        Assert.Equal(InputBins.Of(1_024) + 1, InputBins.Of(1_152));
        Assert.Equal(InputBins.Of(1_024) + 8, InputBins.Of(2_048));
        Assert.Equal((InputBins.Of(1), InputBins.Count - 1), (InputBins.Of(0), InputBins.Of(long.MaxValue)));
        var bins = Enumerable.Range(0, 5_000).Select(tokens => InputBins.Of(tokens)).ToList();
        Assert.Equal(bins.Order(), bins);
    }

    [Fact]
    public void Answers_that_depend_on_the_length_of_the_question_are_told_apart()
    {
        var estimates = new OutputEstimates();
        for (var i = 0; i < 400; i++) estimates.Learn(s_tenant, null, i % 2 == 0 ? 100 : 5_000, (i % 2 == 0 ? 300 : 20) + i % 3, null, Quantile);
        Assert.InRange(estimates.Typical(s_tenant, null, 100), 299, 304);
        Assert.InRange(estimates.Typical(s_tenant, null, 5_000), 19, 24);
        Assert.InRange(estimates.Upper(s_tenant, null, 5_000, Quantile), 20, 40);
    }

    [Fact]
    public void A_workload_and_a_tenant_of_their_own_have_estimates_of_their_own()
    {
        var estimates = new OutputEstimates();
        for (var i = 0; i < 300; i++)
        {
            estimates.Learn(s_tenant, "chat", 100, 300 + i % 5, null, Quantile);
            estimates.Learn(s_tenant, "code", 100, 20 + i % 5, null, Quantile);
            estimates.Learn(new("other"), "code", 100, 60 + i % 5, null, Quantile);
        }
        Assert.InRange(estimates.Typical(s_tenant, "chat", 100), 299, 305);
        Assert.InRange(estimates.Typical(s_tenant, "code", 100), 19, 25);
        Assert.InRange(estimates.Typical(new("other"), "code", 100), 59, 65);
        Assert.InRange(estimates.Typical(new("new"), "code", 100), 20, 65);
    }

    [Fact]
    public void Memory_is_bounded_and_the_least_recent_are_forgotten()
    {
        var estimates = new OutputEstimates();
        for (var i = 0; i < 30_000; i++) estimates.Learn(new($"t{i % 700}"), $"w{i % 7}", 1L << (i % 31), i, null, Quantile);
        var scopes = estimates.Carry().Scopes;
        Assert.Equal((OutputEstimates.MostTenantWorkloads, 7), (scopes.Count(s => s.Tenant is not null), scopes.Count(s => s.Tenant is null && s.Workload is not null)));
        Assert.Contains(scopes, s => s.Tenant == new TenantId($"t{29_999 % 700}"));
        for (var i = 0; i < 3_000; i++) estimates.Learn(new($"t{i % 100}"), $"x{i % 90}", i, i, null, Quantile);
        scopes = estimates.Carry().Scopes;
        Assert.Equal(OutputEstimates.MostWorkloads, scopes.Count(s => s.Tenant is null && s.Workload is not null));
        for (var i = 0; i < 30_000; i++) estimates.Learn(new($"t{i % 300}"), "w", 1L << (i / 300 % 31), i, null, Quantile);
        Assert.Equal(OutputEstimates.MostBins, estimates.Carry().Scopes.Sum(s => s.Bins.Count));
    }

    [Fact]
    public void Carried_over_it_decides_the_same_for_ever()
    {
        var lived = new OutputEstimates();
        var random = new Random(5);
        Teach(lived, random, 3_000);
        var opened = new OutputEstimates();
        opened.Open(JsonSerializer.Deserialize<CarriedEstimates>(JsonSerializer.Serialize(lived.Carry())));
        Assert.Equal(JsonSerializer.Serialize(lived.Carry()), JsonSerializer.Serialize(opened.Carry()));
        Teach(lived, new Random(6), 2_000);
        Teach(opened, new Random(6), 2_000);
        Assert.Equal(JsonSerializer.Serialize(lived.Carry()), JsonSerializer.Serialize(opened.Carry()));
    }

    [Fact]
    public void The_largest_amounts_can_be_learned_and_reserved()
    {
        var estimates = new OutputEstimates();
        for (var i = 0; i < 1_000; i++) estimates.Learn(s_tenant, null, long.MaxValue, i % 2 == 0 ? long.MaxValue : 0, i % 3 == 0, Quantile);
        Assert.True(estimates.Upper(s_tenant, null, long.MaxValue, Quantile) >= 1_000_000_000);
        Assert.True(double.IsFinite(estimates.Typical(s_tenant, null, 0)));
    }

    private static void Teach(OutputEstimates estimates, Random random, int answers)
    {
        for (var i = 0; i < answers; i++)
        {
            var tenant = new TenantId($"t{random.Next(40)}");
            var (workload, input, output) = (random.Next(3) == 0 ? null : $"w{random.Next(80)}", random.NextInt64(1, 9_000), random.NextInt64(0, 2_000));
            bool? within = random.Next(4) == 0 || estimates.Learned == 0 ? null : output <= estimates.Upper(tenant, workload, input, Quantile);
            estimates.Learn(tenant, workload, input, output, within, Quantile);
        }
    }
}
