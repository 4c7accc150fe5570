using System.Text.Json.Nodes;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Autoscaling;

/// <summary>An instance that decides ten times a second.</summary>
public sealed class DecidingApi(PostgresServer postgres) : ApiFixture(postgres)
{
    protected override (string Name, string Value)[] Settings =>
        [("Autoscaler:PeriodSeconds", "0.1"), ("Autoscaler:MaxHistory", "2"), ("Autoscaler:Pools:watched:Targets:0", "http://127.0.0.1:9/metrics")];
}

/// <summary>What is decided, on every way out.</summary>
public sealed class ScalingApiTests(DecidingApi fixture) : IClassFixture<DecidingApi>
{
    private readonly ApiInstance _api = fixture.Api;

    [Fact]
    public async Task Shows_the_decision_its_reason_and_every_signal()
    {
        var decided = await PromiseAsync("shown", sequences: 150);
        var view = (await _api.Operator.GetAsync("/v1/pools/shown/scaling")).MustBe(200);
        Assert.Equal((3, "promised", "scaled-up", 2), (view.Long("desiredReplicas"), view.Text("binding"), view.Text("reason"), view.Long("observedReplicas")));
        Assert.Equal(decided, view.Position);
        var promised = view.Json["signals"]!.AsArray().Single(signal => (string?)signal!["signal"] == "promised")!;
        Assert.Equal((3, 150), ((int)promised["desiredReplicas"]!, (int)promised["inputs"]!.AsArray().Single(input => (string?)input!["name"] == "sequences")!["value"]!));
        Assert.Equal("""{"actuator":"none","capacityFrom":"reports","replicas":[],"failures":0}""", view.Json["fleet"]!.ToJsonString());
        Assert.Equal("""{"value":3}""", (await (await _api.AsRoleAsync("autoscaler")).GetAsync("/v1/pools/shown/scaling/metric")).MustBe(200).Body);

        var metrics = ExpositionText.Read((await _api.Nobody.GetAsync("/metrics")).MustBe(200).Body);
        double Of(string name, string? signal = null) => metrics[name].Samples.Single(sample => sample.Labels.GetValueOrDefault("pool") == "shown" && sample.Labels.GetValueOrDefault("signal") == signal).Value;
        Assert.Equal((3, 2, 3, 0, 0), (Of("tokenledger_autoscaler_desired"), Of("tokenledger_autoscaler_observed"), Of("tokenledger_autoscaler_signal", "promised"), Of("tokenledger_autoscaler_missing"), Of("tokenledger_autoscaler_actuator_failures")));
        Assert.Equal(1, Assert.Single(metrics["tokenledger_autoscaler_acting"].Samples).Value);
    }

    [Fact]
    public async Task Shows_the_history_page_by_page()
    {
        await PromiseAsync("history", sequences: 150);
        (await _api.Operator.PutAsync("/v1/pools/history/capacity", new JsonObject { ["replicas"] = 3 })).MustBe(200);
        var steps = new List<JsonNode>();
        for (var after = 0L; ;)
        {
            var page = (await _api.Operator.GetAsync($"/v1/pools/history/scaling/history?after={after}")).MustBe(200).Json;
            steps.AddRange(page["steps"]!.AsArray().Select(step => step!.DeepClone()));
            if (page["next"] is null) break;
            Assert.Equal(2, page["steps"]!.AsArray().Count);
            after = (long)page["next"]!;
        }
        Assert.Equal(steps.Select(step => (long)step["position"]!).Distinct().Order(), steps.Select(step => (long)step["position"]!));
        Assert.Contains(steps, step => (int?)step["desiredReplicas"] == 3 && (string?)step["reason"] == "scaled-up");
        Assert.Contains(steps, step => step["desiredReplicas"] is null && (int)step["replicas"]! == 3);
        var first = Uri.EscapeDataString((string)steps[0]["at"]!);
        Assert.Empty((await _api.Operator.GetAsync($"/v1/pools/history/scaling/history?to={first}")).MustBe(200).Json["steps"]!.AsArray());
        Assert.Equal((long)steps[0]["position"]!, (long)(await _api.Operator.GetAsync($"/v1/pools/history/scaling/history?from={first}")).MustBe(200).Json["steps"]![0]!["position"]!);
    }

    [Theory]
    [InlineData("?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to")]
    [InlineData("?from=x", "from")]
    [InlineData("?after=-1", "after")]
    [InlineData("?after=x", "after")]
    public async Task Names_the_part_of_the_query_that_is_wrong(string query, string field)
    {
        await PromiseAsync("query", sequences: 150);
        (await _api.Operator.GetAsync("/v1/pools/query/scaling/history" + query)).MustRefuse(400, "invalid-input", field);
    }

    [Theory]
    [InlineData("/scaling")]
    [InlineData("/scaling/metric")]
    [InlineData("/scaling/history")]
    public async Task Is_for_operators_and_for_pools_that_there_are(string path)
    {
        (await _api.Operator.GetAsync("/v1/pools/none" + path)).MustRefuse(404, "pool-unknown");
        (await _api.Operator.GetAsync("/v1/pools/a%20b" + path)).MustRefuse(400, "invalid-input", "pool");
        (await _api.Nobody.GetAsync("/v1/pools/none" + path)).MustRefuse(401, "key-unknown");
        (await (await _api.AsRoleAsync("finance", "acme")).GetAsync("/v1/pools/none" + path)).MustRefuse(403, "role-missing");
    }

    [Fact]
    public async Task Answers_an_HPA_for_one_pool_or_all()
    {
        await PromiseAsync("hpa", sequences: 150);
        const string path = "/apis/external.metrics.k8s.io/v1beta1/namespaces/any/tokenledger_desired_replicas";
        var list = (await _api.Operator.GetAsync($"{path}?labelSelector=pool%3Dhpa")).MustBe(200).Json;
        var at = (string)(await _api.Operator.GetAsync("/v1/pools/hpa/scaling")).MustBe(200).Json["decidedAt"]!;
        Assert.Equal(
            """{"kind":"ExternalMetricValueList","apiVersion":"external.metrics.k8s.io/v1beta1","metadata":{},"items":[{"metricName":"tokenledger_desired_replicas","metricLabels":{"pool":"hpa"},"timestamp":"AT","value":"3"}]}"""
                .Replace("AT", at, StringComparison.Ordinal), list.ToJsonString());
        Assert.Empty((await _api.Operator.GetAsync($"{path}?labelSelector=pool%3Dnone")).MustBe(200).Json["items"]!.AsArray());
        Assert.Contains((await _api.Operator.GetAsync(path)).MustBe(200).Json["items"]!.AsArray(), item => (string?)item!["metricLabels"]!["pool"] == "hpa");
        foreach (var selector in (string[])["team%3Da", "pool", "pool%3D", "pool%3Da%2Cb%3Dc", "pool%20in%20(a)", "pool!%3Da"])
            (await _api.Operator.GetAsync($"{path}?labelSelector={selector}")).MustRefuse(400, "invalid-input", "labelSelector");
        (await _api.Nobody.GetAsync(path)).MustRefuse(401, "key-unknown");
        foreach (var document in (string[])["/apis", "/apis/external.metrics.k8s.io", "/apis/external.metrics.k8s.io/v1beta1"]) (await _api.Nobody.GetAsync(document)).MustBe(200);
        (await (await _api.AsRoleAsync("gateway")).GetAsync(path)).MustRefuse(403, "role-missing");
        (await (await _api.AsRoleAsync("autoscaler")).GetAsync(path)).MustBe(200);
    }

    /// <summary>Engines that are watched and silent: the fleet is held, and everybody is told.</summary>
    [Fact]
    public async Task Says_loudly_that_signals_are_missing()
    {
        await _api.OpenPoolAsync("watched", Bodies.Parse(Bodies.Pool().ToJsonString().Replace("\"targetUtilization\":0.8", "\"targetUtilization\":0.8,\"rules\":{\"staleSeconds\":1,\"fallbackSeconds\":3}", StringComparison.Ordinal)));
        var (held, decided) = await _api.Events.FirstAsync<ScalingDecided>(e => e.Pool.Value == "watched" && e.Reason == ScalingReason.SignalsMissing);
        Assert.Equal(2, decided.DesiredReplicas);
        await _api.Events.FirstAsync<ScalingDecided>(e => e.Pool.Value == "watched" && e.Reason == ScalingReason.FellBack, held);
        await _api.Events.UntilAsync(async () => (await _api.Operator.GetAsync("/v1/pools/watched/scaling")).MustBe(200).Text("reason") == "fell-back");
        Assert.Contains(_api.Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("Signals are missing", StringComparison.Ordinal));
        var fleet = (await _api.Operator.GetAsync("/v1/pools/watched/scaling")).Json["fleet"]!;
        Assert.Equal(("engines", null, "lost", "It cannot be reached."), ((string?)fleet["capacityFrom"], (int?)fleet["ready"], (string?)fleet["replicas"]![0]!["state"], (string?)fleet["replicas"]![0]!["failure"]));
        var metrics = ExpositionText.Read((await _api.Nobody.GetAsync("/metrics")).MustBe(200).Body);
        Assert.Equal(2, metrics["tokenledger_autoscaler_missing"].Samples.Single(sample => sample.Labels["pool"] == "watched").Value);
        // Nobody saw what runs, so the capacity is what it was, and nobody may say so but who watches.
        Assert.Empty(await _api.Events.AllAsync<CapacityChanged>(e => e.Pool.Value == "watched"));
        (await _api.Operator.PutAsync("/v1/pools/watched/capacity", new JsonObject { ["replicas"] = 3 })).MustRefuse(409, "capacity-observed");
    }

    /// <summary>A pool of two replicas that promises more than they have, and the position of the decision for it.</summary>
    private async Task<long> PromiseAsync(string pool, int sequences)
    {
        if ((await _api.Operator.GetAsync($"/v1/pools/{pool}")).Status == 404)
        {
            await _api.OpenPoolAsync(pool);
            await _api.GrantAsync(pool, "chat", Bodies.Entitlement().But("baseline.sequences", $"{sequences}"));
        }
        var (position, _) = await _api.Events.FirstAsync<ScalingDecided>(e => e.Pool.Value == pool && e.DesiredReplicas == 3);
        await _api.Follower("autoscaler-demand").WaitForAsync(position, Within.Patience());
        return position;
    }
}
