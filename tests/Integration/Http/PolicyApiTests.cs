using System.Text.Json.Nodes;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>The policies of a pool, as a gateway meets them.</summary>
public sealed class PolicyApiTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiInstance _api = fixture.Api;

    [Fact]
    public async Task Shows_the_policy_it_was_given_and_weighted_share_to_who_names_none()
    {
        await _api.OpenPoolAsync("shown", Small("threshold").But("shadow", "true").But("lending", "0.25"));
        var view = (await _api.Operator.GetAsync("/v1/pools/shown")).MustBe(200);
        Assert.Equal(("threshold", true, 0.25), (view.Text("policy"), (bool)view.Json["shadow"]!, (double)view.Json["lending"]!));
        view = (await _api.Operator.PutAsync("/v1/pools/shown", Bodies.Pool().Without("policy").Without("shadow"))).MustBe(200);
        Assert.Equal(("weighted-share", false, 0), (view.Text("policy"), (bool)view.Json["shadow"]!, (double)view.Json["lending"]!));
        var settings = (await _api.Events.AllAsync<PoolReconfigured>(e => e.Pool.Value == "shown")).Single().Data.Settings;
        Assert.Equal((AdmissionPolicy.WeightedShare, false, 0), (settings.Policy, settings.Shadow, settings.Lending));
    }

    [Fact]
    public async Task Admit_all_overcommits()
    {
        await _api.OpenPoolAsync("all", Small("admit-all"));
        var chat = await EnterAsync("all", "chat", "spot", 500);
        for (var i = 0; i < 5; i++) (await chat.AdmitAsync(Guid.NewGuid())).MustBe(201);
        Assert.Equal((2, 5, 0), await SequencesAsync("all"));
        (await chat.AdmitAsync(Guid.NewGuid(), input: 100_000_000)).MustRefuse(422, "never-fits");
    }

    [Fact]
    public async Task Rate_limit_holds_each_to_its_own_and_not_to_the_pool()
    {
        await _api.OpenPoolAsync("static", Small("rate-limit"));
        var (chat, batch) = (await EnterAsync("static", "chat", "elastic", 500, sequences: 2), await EnterAsync("static", "batch", "elastic", 500, sequences: 1));
        for (var i = 0; i < 2; i++) (await chat.AdmitAsync(Guid.NewGuid())).MustBe(201);
        (await chat.AdmitAsync(Guid.NewGuid())).MustRefuse(429, "concurrency-exceeded");
        (await batch.AdmitAsync(Guid.NewGuid())).MustBe(201);
        Assert.Equal((2, 3, 0), await SequencesAsync("static"));
    }

    [Fact]
    public async Task Threshold_admits_the_heavier_over_capacity_and_refuses_the_lighter()
    {
        await _api.OpenPoolAsync("weighed", Small("threshold").But("perReplica.sequences", "3"));
        var (quick, slow) = (await EnterAsync("weighed", "quick", "elastic", 500), await EnterAsync("weighed", "slow", "elastic", 30_000));
        var running = Guid.NewGuid();
        (await slow.AdmitAsync(running)).MustBe(201);
        for (var i = 0; i < 2; i++) (await quick.AdmitAsync(Guid.NewGuid())).MustBe(201);
        var refused = (await slow.AdmitAsync(Guid.NewGuid())).MustRefuse(429, "low-priority");
        Assert.True(refused.Long("retryAfterMs") >= 1_000 && refused.Header("Retry-After") != "0", refused.Body);
        (await quick.AdmitAsync(Guid.NewGuid())).MustBe(201);
        Assert.Equal((3, 4, 0), await SequencesAsync("weighed"));
        // With nothing lighter running nobody is over the threshold.
        (await slow.DeleteAsync($"/v1/admissions/{running}")).MustBe(200);
        (await slow.AdmitAsync(Guid.NewGuid())).MustRefuse(429, "low-priority");
    }

    [Fact]
    public async Task Weighted_share_lends_what_a_guaranteed_tenant_leaves_idle_and_gives_it_back_at_once()
    {
        await _api.OpenPoolAsync("lent", Small("weighted-share").But("lending", "1"));
        var (chat, batch) = (await EnterAsync("lent", "chat", "guaranteed", 500, sequences: 2), await EnterAsync("lent", "batch", "spot", 500));
        for (var i = 0; i < 2; i++) (await batch.AdmitAsync(Guid.NewGuid())).MustBe(201);
        for (var i = 0; i < 2; i++) (await chat.AdmitAsync(Guid.NewGuid())).MustBe(201);
        Assert.Equal((2, 4, 0), await SequencesAsync("lent"));
        (await chat.AdmitAsync(Guid.NewGuid())).MustRefuse(429, "concurrency-exceeded");
        (await (await EnterAsync("lent", "late", "spot", 500)).AdmitAsync(Guid.NewGuid())).MustRefuse(429, "pool-exhausted");
    }

    [Fact]
    public async Task Shadow_admits_counts_and_records_what_a_rule_would_have_refused()
    {
        await _api.OpenPoolAsync("shadowed", Small("weighted-share").But("shadow", "true"));
        var chat = await EnterAsync("shadowed", "chat", "spot", 500);
        Guid[] requests = [.. Enumerable.Range(0, 4).Select(_ => Guid.NewGuid())];
        foreach (var request in requests) (await chat.AdmitAsync(request)).MustBe(201);
        var admitted = await _api.Events.AllAsync<RequestAdmitted>(e => e.Pool.Value == "shadowed");
        Assert.Equal([null, null, DenialReason.ConcurrencyExceeded, DenialReason.ConcurrencyExceeded], admitted.Select(e => e.Data.ShadowDenial));
        (await chat.AdmitAsync(requests[3])).MustBe(200);
        var metrics = (await _api.Operator.GetAsync("/metrics")).MustBe(200).Body;
        Assert.Contains(metrics.Split('\n'), line => line.StartsWith("tokenledger_admission_shadow_denials_total{", StringComparison.Ordinal)
            && line.Contains("pool=\"shadowed\"", StringComparison.Ordinal) && line.Contains("reason=\"concurrency-exceeded\"", StringComparison.Ordinal) && line.EndsWith(" 2", StringComparison.Ordinal));

        (await _api.Operator.PutAsync("/v1/pools/shadowed", Small("weighted-share"))).MustBe(200);
        (await chat.AdmitAsync(Guid.NewGuid())).MustRefuse(429, "concurrency-exceeded");
    }

    [Fact]
    public async Task A_pool_that_was_overcommitted_under_one_policy_serves_again_under_the_next()
    {
        await _api.OpenPoolAsync("switched", Small("admit-all"));
        var chat = await EnterAsync("switched", "chat", "elastic", 500);
        Guid[] requests = [.. Enumerable.Range(0, 30).Select(_ => Guid.NewGuid())];
        foreach (var request in requests) (await chat.AdmitAsync(request, input: 2_000_000)).MustBe(201);
        foreach (var policy in (string[])["threshold", "weighted-share"])
        {
            (await _api.Operator.PutAsync("/v1/pools/switched", Small(policy))).MustBe(200);
            (await chat.AdmitAsync(Guid.NewGuid())).MustRefuse(429, "concurrency-exceeded");
        }
        foreach (var request in requests) (await chat.DeleteAsync($"/v1/admissions/{request}")).MustBe(200);
        (await chat.AdmitAsync(Guid.NewGuid())).MustBe(201);
    }

    /// <summary>One replica with two sequences.</summary>
    private static JsonObject Small(string policy) => Bodies.Pool().But("replicas", "1").But("perReplica.sequences", "2").But("kvBytesPerToken", "100").But("policy", $"\"{policy}\"");

    private Task<ApiClient> EnterAsync(string pool, string name, string serviceClass, int sloTargetMs, int sequences = 0) => _api.EnterAsync(
        pool, name, Bodies.Entitlement(serviceClass).But("sloTargetMs", $"{sloTargetMs}")
            .But("baseline", serviceClass == "spot" ? "null" : $$"""{"tokensPerSecond":10000,"kvCacheBytes":100000000,"sequences":{{sequences}}}"""));

    /// <summary>Capacity, held and available.</summary>
    private async Task<(int Capacity, int Held, int Available)> SequencesAsync(string pool)
    {
        var sequences = (await _api.Operator.GetAsync($"/v1/pools/{pool}")).MustBe(200).Json["dimensions"]!["sequences"]!;
        return ((int)sequences["capacity"]!, (int)sequences["held"]!, (int)sequences["available"]!);
    }
}
