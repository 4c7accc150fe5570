using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;

namespace TokenLedger.Tests.Unit.Simulation;

/// <summary>The scenarios of docs/examples/scenarios, each with what must come of it.</summary>
public sealed class NamedScenarioTests
{
    public static TheoryData<string> Names => [.. Directory.EnumerateFiles(Folder(), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>Chat wants three times its share and is always preferred; batch gets what is due to it nevertheless.</summary>
    [Fact]
    public void Starvation_nobody_is_starved_by_a_heavier_tenant()
    {
        var run = Play("starvation");
        var batch = run.TenantIndex("batch");
        Assert.InRange(run.ReceivedOverDue(batch, run.DueTokens(batch), 60, 300), 0.9, 2);
    }

    /// <summary>Long preemptible requests fill the pool; the guaranteed tenant that comes does not wait for them to end.</summary>
    [Fact]
    public void Priority_inversion_a_guaranteed_request_does_not_wait_for_preemptible_ones()
    {
        var run = Play("priority-inversion");
        var live = run.TenantIndex("live");
        Assert.Equal(0, run.RefusedWithinLimits(live));
        Assert.InRange(run.AskedIn(new("all", 0, 120), live).TimeToFirstToken(0.99), 0, 1.2);
        Assert.Contains(run.Requests, request => request.Fate == Fate.Evicted);
    }

    /// <summary>Two hundred clients were told to come back in ten seconds; stretched by a random part they do not come as one.</summary>
    [Fact]
    public void Herd_retries_are_spread_after_a_recovery()
    {
        var run = Play("herd");
        var (before, after) = (run.Samples[run.IndexAt(50)].Tenants[0], run.Samples[run.IndexAt(51)].Tenants[0]);
        Assert.InRange(after.Admitted + after.Refused - before.Admitted - before.Refused, 0, 40);
        Assert.InRange(run.SampledIn(65, 120).Average(sample => sample.Running), 0.85 * 16, 16);
    }

    /// <summary>A tenth of the truth named as its limit: what it really uses is charged to it afterwards, so that lying brings nothing.</summary>
    [Fact]
    public void Liar_a_tenant_that_names_too_small_a_limit_gains_nothing()
    {
        var run = Play("liar");
        double Received(string tenant) => run.Samples[^1].Tenants[run.TenantIndex(tenant)].ReceivedTokens;
        Assert.InRange(Received("liar"), 1, 1.1 * Received("honest"));
    }

    [Fact]
    public void Idle_crowd_ten_thousand_that_ask_for_nothing_take_nothing_from_one_that_does()
    {
        var run = Play("idle-crowd");
        Assert.Equal(10_001, run.Scenario.Tenants.Count);
        Assert.InRange(run.Samples[^1].Tenants[run.TenantIndex("active")].ReceivedTokens, 0.95 * 240 * 60, 240 * 60 + 1);
    }

    [Fact]
    public void Equals_all_receive_the_same()
    {
        var run = Play("equals");
        Assert.InRange(FairnessDecisions.JainIndex(run.Samples[^1].Tenants.Select(tenant => tenant.ReceivedTokens)), 0.99, 1);
        Assert.InRange(run.UtilisationUnderPressure(), 0.9, 1);
    }

    /// <summary>Everything that was admitted before the blackout is served after it, everything refused in it comes back.</summary>
    [Fact]
    public void Blackout_capacity_goes_to_zero_and_back_and_nothing_is_lost()
    {
        var run = Play("blackout");
        Assert.Equal(default, run.Books!.Outstanding);
        Assert.Contains(run.Refusals, refusal => refusal.Reason == DenialReason.NoCapacity);
        Assert.All(run.Refusals.Where(refusal => refusal.At is > 30 and < 60), refusal => Assert.Equal(DenialReason.NoCapacity, refusal.Reason));
        Assert.All(run.Requests.Where(request => request.AskedAt < 130), request => Assert.Equal(Fate.Served, request.Fate));
        Assert.All(run.SampledIn(30.5, 60), sample => Assert.Equal((0, 0), (sample.Running, sample.Slots)));
    }

    [Theory, MemberData(nameof(Names))]
    public void Every_example_is_a_scenario_with_a_test(string name)
    {
        Assert.NotEmpty(Read(name).Tenants);
        Assert.Contains(typeof(NamedScenarioTests).GetMethods(), method => method.Name.StartsWith(name.Replace('-', '_'), StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("{}", "required")]
    [InlineData("null", "null")]
    [InlineData("{\"seconds\":0,\"pool\":POOL,\"tenants\":[TENANT]}", "seconds")]
    [InlineData("{\"seconds\":1e9,\"pool\":POOL,\"tenants\":[TENANT]}", "seconds")]
    [InlineData("{\"seconds\":9,\"sampleSeconds\":1e-9,\"pool\":POOL,\"tenants\":[TENANT]}", "sampleSeconds")]
    [InlineData("{\"seconds\":9,\"pool\":POOL,\"tenants\":[]}", "tenants")]
    [InlineData("{\"seconds\":9,\"pool\":POOL,\"tenants\":[TENANT,TENANT]}", "name of its own")]
    [InlineData("{\"seconds\":9,\"pool\":POOL,\"tenants\":[{\"name\":\"a\",\"serviceClass\":\"spot\"}]}", "exactly one of open")]
    [InlineData("{\"seconds\":9,\"pool\":POOL,\"tenants\":[{\"name\":\"a\",\"serviceClass\":\"gold\",\"open\":{\"perSecond\":1}}]}", "must be one of dedicated")]
    [InlineData("{\"seconds\":9,\"pool\":POOL,\"tenants\":[TENANT],\"capacity\":[{\"at\":1,\"replicas\":-1}]}", "capacity")]
    [InlineData("{\"seconds\":9,\"pool\":{\"perReplica\":{\"tokensPerSecond\":0,\"kvCacheBytes\":1,\"sequences\":1}},\"tenants\":[TENANT]}", "perReplica")]
    [InlineData("{\"seconds\":9,\"pol\":POOL,\"tenants\":[TENANT]}", "pol")]
    public void Says_what_is_wrong_with_a_file(string json, string word)
    {
        json = json.Replace("POOL", "{\"perReplica\":{\"tokensPerSecond\":9,\"kvCacheBytes\":9,\"sequences\":9}}", StringComparison.Ordinal)
            .Replace("TENANT", "{\"name\":\"a\",\"serviceClass\":\"spot\",\"open\":{\"perSecond\":1}}", StringComparison.Ordinal);
        var failure = Assert.Throws<TokenLedger.Cli.CommandFailure>(() => ScenarioFile.Read("x.json", System.Text.Encoding.UTF8.GetBytes(json), "."));
        Assert.Contains(word, failure.Message, StringComparison.Ordinal);
        Assert.Equal(TokenLedger.Cli.CommandFailure.BadUsageCode, failure.ExitCode);
    }

    private static RunLog Play(string name) => SimulationRun.Play(Read(name), seed: 1);

    private static Scenario Read(string name) => ScenarioFile.Read($"{name}.json", File.ReadAllBytes(Path.Combine(Folder(), $"{name}.json")), Folder());

    private static string Folder()
    {
        var checkout = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(checkout.FullName, "TokenLedger.sln"))) checkout = checkout.Parent!;
        return Path.Combine(checkout.FullName, "docs", "examples", "scenarios");
    }
}
