using TokenLedger.Cli.Experiments;
using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Unit.Simulation;

/// <summary>What holds for every run, whatever is simulated.</summary>
public sealed class SimulationTests
{
    public static TheoryData<AdmissionPolicy> AllPolicies => [.. Policies.All];

    [Theory, MemberData(nameof(AllPolicies))]
    public void Gives_the_same_run_to_the_byte_for_the_same_seed(AdmissionPolicy policy)
    {
        var scenario = Overload.Scenario(policy, lending: 0.5);
        Assert.Equal(RunTables.Timeline(SimulationRun.Play(scenario, 7)), RunTables.Timeline(SimulationRun.Play(scenario, 7)));
        Assert.NotEqual(RunTables.Timeline(SimulationRun.Play(scenario, 7)), RunTables.Timeline(SimulationRun.Play(scenario, 8)));
    }

    /// <summary>The books of the pool and what the engine did tell the same story.</summary>
    [Theory, MemberData(nameof(AllPolicies))]
    public void Settles_what_the_engine_served_and_leaves_nothing_open(AdmissionPolicy policy)
    {
        var scenario = Overload.Scenario(policy, lending: 1) with { Seconds = 200 };
        var run = SimulationRun.Play(scenario with { Tenants = [.. scenario.Tenants.Select(tenant => tenant with { Stop = Math.Min(tenant.Stop, 80) })] }, 3);
        var served = run.Requests.Where(request => request.Fate == Fate.Served).ToList();
        Assert.All(run.Requests, request => Assert.Contains(request.Fate, (Fate[])[Fate.Served, Fate.GivenUp]));
        Assert.Equal(default, run.Books!.Outstanding);
        Assert.Equal(served.Sum(request => request.Tokens), (long)run.Books.Settled.Tokens);
        Assert.Equal(run.Books.Reserved, run.Books.Settled + run.Books.Returned + run.Books.Expired + run.Books.Evicted);
        Assert.Equal(served.Sum(request => request.Tokens), run.Samples[^1].Tenants.Sum(tenant => tenant.ReceivedTokens), 0.01);
        Assert.All(run.Samples, sample => Assert.True(sample.Running <= sample.Slots));
    }

    [Fact]
    public void Tells_a_median_with_the_ranks_that_hold_it_in_95_of_100_cases()
    {
        // For 20 values the binomial distribution gives the 6th and the 15th; below six values no ranks do.
        Assert.Equal(new Spread(10.5, 6, 15), Statistics.MedianOf(Enumerable.Range(1, 20).Select(value => (double)value)));
        Assert.Equal(new Spread(3, 1, 5), Statistics.MedianOf([5, 3, 1, 4, 2]));
        Assert.Equal(new Spread(3.5, 1, 6), Statistics.MedianOf([1, 2, 3, 4, 5, 6]));
    }

    [Fact]
    public void Takes_the_nearest_rank_as_a_percentile()
    {
        Assert.Equal(99, Statistics.Percentile(Enumerable.Range(1, 100).Select(value => (double)value), 0.99));
        Assert.Equal(3, Statistics.Percentile([3, 1, 2], 0.99));
        Assert.True(double.IsNaN(Statistics.Percentile([], 0.5)));
    }
}
