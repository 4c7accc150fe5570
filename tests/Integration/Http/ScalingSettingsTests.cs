using System.Text.Json.Nodes;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>How a pool may be scaled, as it is put and shown; and what a promise that does not fit would need.</summary>
[Collection(typeof(BadInputTests))]
public sealed class ScalingSettingsTests(BadInput fixture)
{
    private const string Sides = "{\"prefill\":1,\"decode\":3,\"prefillTokensPerSecond\":100,\"decodeTokensPerSecond\":50}";

    [Theory]
    [InlineData("rules", "[]", "scaling.rules")]
    [InlineData("rules", "{\"startUp\":1}", "scaling.rules.startUp")]
    [InlineData("rules", "{\"startUpSeconds\":-1}", "scaling.rules.startUpSeconds")]
    [InlineData("rules", "{\"startUpSeconds\":3601}", "scaling.rules.startUpSeconds")]
    [InlineData("rules", "{\"startUpSeconds\":1.5}", "scaling.rules.startUpSeconds")]
    [InlineData("rules", "{\"stabilizationUpSeconds\":3601}", "scaling.rules.stabilizationUpSeconds")]
    [InlineData("rules", "{\"stabilizationDownSeconds\":-1}", "scaling.rules.stabilizationDownSeconds")]
    [InlineData("rules", "{\"maxStepUp\":-1}", "scaling.rules.maxStepUp")]
    [InlineData("rules", "{\"maxStepDown\":0}", "scaling.rules.maxStepDown")]
    [InlineData("rules", "{\"deadBand\":1}", "scaling.rules.deadBand")]
    [InlineData("rules", "{\"deadBand\":-0.1}", "scaling.rules.deadBand")]
    [InlineData("rules", "{\"deadBand\":1e400}", "scaling.rules.deadBand")]
    [InlineData("rules", "{\"coolDownSeconds\":3601}", "scaling.rules.coolDownSeconds")]
    [InlineData("rules", "{\"queueTargetMs\":-1}", "scaling.rules.queueTargetMs")]
    [InlineData("rules", "{\"timeToFirstTokenTargetMs\":600001}", "scaling.rules.timeToFirstTokenTargetMs")]
    [InlineData("rules", "{\"interTokenTargetMs\":-1}", "scaling.rules.interTokenTargetMs")]
    [InlineData("rules", "{\"repaySeconds\":0}", "scaling.rules.repaySeconds")]
    [InlineData("rules", "{\"staleSeconds\":0}", "scaling.rules.staleSeconds")]
    [InlineData("rules", "{\"fallbackSeconds\":86401}", "scaling.rules.fallbackSeconds")]
    [InlineData("schedule", "{}", "scaling.schedule")]
    [InlineData("schedule", "[null]", "scaling.schedule[0]")]
    [InlineData("schedule", "[{\"cron\":\"0 8 * * *\",\"minutes\":60,\"replicas\":1},{\"cron\":\"8 oclock\",\"minutes\":60,\"replicas\":1}]", "scaling.schedule[1].cron")]
    [InlineData("schedule", "[{\"minutes\":60,\"replicas\":1}]", "scaling.schedule[0].cron")]
    [InlineData("schedule", "[{\"cron\":\"0 8 * * *\",\"minutes\":1441,\"replicas\":1}]", "scaling.schedule[0].minutes")]
    [InlineData("schedule", "[{\"cron\":\"0 8 * * *\",\"minutes\":60}]", "scaling.schedule[0].replicas")]
    [InlineData("sides", "[]", "scaling.sides")]
    [InlineData("sides", "{\"decode\":3,\"prefillTokensPerSecond\":100,\"decodeTokensPerSecond\":50}", "scaling.sides.prefill")]
    [InlineData("sides", "{\"prefill\":0,\"decode\":3,\"prefillTokensPerSecond\":100,\"decodeTokensPerSecond\":50}", "scaling.sides.prefill")]
    [InlineData("sides", "{\"prefill\":1,\"decode\":3,\"prefillTokensPerSecond\":0,\"decodeTokensPerSecond\":50}", "scaling.sides.prefillTokensPerSecond")]
    public async Task Refuses_what_is_no_rule(string name, string value, string field)
    {
        await fixture.LeavesNoTraceAsync(HttpMethod.Put, BadInput.APool, Bodies.Pool().With($"scaling.{name}", value), 400, "invalid-input", field);
    }

    [Fact]
    public async Task Refuses_two_sides_on_one_replica()
    {
        var body = Bodies.Pool();
        (body["replicas"], body["scaling"]) = (1, JsonNode.Parse($"{{\"minReplicas\":0,\"maxReplicas\":1,\"targetUtilization\":0.8,\"sides\":{Sides}}}"));
        await fixture.LeavesNoTraceAsync(HttpMethod.Put, "/v1/pools/narrow", body.ToJsonString(), 400, "invalid-input", "scaling.maxReplicas");
    }

    [Fact]
    public async Task Shows_the_rules_it_was_given_and_the_defaults_of_the_others()
    {
        var scaling = JsonNode.Parse($"{{\"minReplicas\":2,\"maxReplicas\":4,\"targetUtilization\":0.7,\"rules\":{{\"startUpSeconds\":180}},\"schedule\":[{{\"cron\":\"0 8 * * 1-5\",\"minutes\":600,\"replicas\":3}}],\"sides\":{Sides}}}")!;
        var body = Bodies.Pool();
        body["scaling"] = scaling;
        var shown = (await fixture.Api.Operator.PutAsync("/v1/pools/scaled", body)).MustBe(201).Json["scaling"]!;
        Assert.Equal((180, 300, 0.05), ((int)shown["rules"]!["startUpSeconds"]!, (int)shown["rules"]!["stabilizationDownSeconds"]!, (double)shown["rules"]!["deadBand"]!));
        Assert.True(JsonNode.DeepEquals(scaling["schedule"], shown["schedule"]));
        Assert.Equal((100, true), ((long)shown["sides"]!["prefillTokensPerSecond"]!, (bool)shown["sides"]!["followMix"]!));
        await fixture.LeavesNoTraceAsync(async () => (await fixture.Api.Operator.PutAsync("/v1/pools/scaled", body)).MustBe(200));
    }

    [Fact]
    public async Task Tells_what_a_promise_that_does_not_fit_would_need()
    {
        var pool = (await fixture.Api.Operator.GetAsync(BadInput.APool)).MustBe(200).Json;
        var (one, most) = ((long)pool["perReplica"]!["sequences"]!, (int)pool["scaling"]!["maxReplicas"]!);
        var asked = one * (most + 2);
        var body = Bodies.Entitlement().With("baseline.sequences", asked.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var answer = (await fixture.Api.Operator.SendAsync(HttpMethod.Put, "/v1/pools/pool/entitlements/vast", body)).MustRefuse(422, "never-fits");
        var others = (long)pool["dimensions"]!["sequences"]!["committed"]!;
        Assert.Equal((others + asked, one * most), ((long)answer.Json["needed"]!["sequences"]!, (long)answer.Json["reachable"]!["sequences"]!));
        Assert.Equal((most + 2 + (int)((others + one - 1) / one), most), ((int)answer.Json["replicasNeeded"]!, (int)answer.Json["maxReplicas"]!));
    }
}
