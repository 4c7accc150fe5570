using System.Text.Json.Nodes;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Health, metrics and the description of the API: open to all, and without secrets.</summary>
public sealed class SelfDescriptionTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiInstance _api = fixture.Api;

    [Fact]
    public async Task Is_alive_and_ready()
    {
        Assert.Equal("""{"status":"live"}""", (await _api.Nobody.GetAsync("/livez")).MustBe(200).Body);
        JsonNode ready = null!;
        await _api.Events.UntilAsync(async () => (ready = (await _api.Nobody.GetAsync("/readyz")).Json)["status"]!.ToString() == "ready");
        Assert.Equal(["bus", "database", "limits", "projections"], ready["checks"]!.AsArray().Select(check => (string?)check!["name"]));
        Assert.Equal(["admission-budgets", "admission-capacity", "admission-limits", "admission-settlement", "autoscaler-demand", "fairness-demand", "metering-lost-ends", "metering-usage"], ready["projections"]!.AsArray().Select(one => (string?)one!["name"]));
    }

    [Fact]
    public async Task Measures_what_it_does_without_naming_requests_or_keys()
    {
        await _api.OpenPoolAsync("measured");
        var key = await KeyAsync("measured");
        var (gateway, request) = (_api.With(key.Text("key")), Guid.NewGuid());
        (await gateway.AdmitAsync(request)).MustBe(201);
        (await gateway.AdmitAsync(request)).MustBe(200);
        (await gateway.AdmitAsync(Guid.NewGuid(), input: 99_000_000)).MustBe(422);
        var used = (await gateway.UseAsync(request, input: 90, output: 20)).MustBe(202);
        await _api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == request);
        (await _api.Operator.GetAsync($"/v1/usage?atLeast={used.Position}")).MustBe(200);
        // The tokens are counted after the view that was waited for has them.
        IReadOnlyDictionary<string, Family> families = null!;
        await _api.Events.UntilAsync(async () => Of(families = ExpositionText.Read((await _api.Nobody.GetAsync("/metrics")).MustBe(200).Body), "gen_ai_usage_input_tokens_total") == 90);
        Assert.Equal(20, Of(families, "gen_ai_usage_output_tokens_total"));
        Assert.Equal([("admitted", 1), ("never-fits", 1), ("repeated", 1)],
            families["tokenledger_admissions_total"].Samples.Where(Measured).Select(sample => (sample.Labels["outcome"], sample.Value)).Order());
        Assert.True(families["tokenledger_ledger_head"].Samples.Single().Value > 0);
        var text = (await _api.Nobody.GetAsync("/metrics")).Body;
        foreach (var secret in (string[])[request.ToString(), key.Text("key"), key.Text("keyId"), ApiInstance.OperatorKey]) Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
    }

    private async Task<ApiAnswer> KeyAsync(string pool)
    {
        await _api.GrantAsync(pool, "chat");
        return await _api.IssueKeyAsync(pool, "chat");
    }

    private static double Of(IReadOnlyDictionary<string, Family> families, string name) =>
        families.TryGetValue(name, out var family) ? family.Samples.Where(Measured).Sum(sample => sample.Value) : 0;

    private static bool Measured(Sample sample) => sample.Labels.GetValueOrDefault("pool") == "measured";

    /// <summary>Clients write the slashes of a model's name as %2F; people do not.</summary>
    [Fact]
    public async Task Lists_models_and_finds_one_by_its_name()
    {
        await _api.OpenPoolAsync("models");
        await _api.OpenPoolAsync("slashed", Bodies.Pool().But("model", "\"meta-llama/Llama-3.1-8B\""));
        const string Slashed = """{"id":"meta-llama/Llama-3.1-8B","object":"model","created":0,"owned_by":"tokenledger"}""";
        Assert.Equal("""{"object":"list","data":[{"id":"llama","object":"model","created":0,"owned_by":"tokenledger"},""" + Slashed + "]}", (await _api.Operator.GetAsync("/v1/models")).MustBe(200).Body);
        foreach (var path in (string[])["/v1/models/meta-llama%2FLlama-3.1-8B", "/v1/models/meta-llama/Llama-3.1-8B"]) Assert.Equal(Slashed, (await _api.Operator.GetAsync(path)).MustBe(200).Body);
        Assert.Equal("model-unknown", (string?)(await _api.Operator.GetAsync("/v1/models/meta-llama")).MustBe(404).Json["error"]!["code"]);
    }

    [Fact]
    public async Task Describes_every_address()
    {
        var api = (await _api.Nobody.GetAsync("/openapi/v1.json")).MustBe(200).Json;
        Assert.StartsWith("3.", (string)api["openapi"]!, StringComparison.Ordinal);
        string[] expected =
        [
            "DELETE /v1/admissions/{requestId}", "DELETE /v1/keys/{keyId}", "DELETE /v1/pools/{pool}/entitlements/{entitlement}", "DELETE /v1/pools/{pool}/entitlements/{entitlement}/keys/{keyId}",
            "GET /livez", "GET /readyz", "GET /v1/keys", "GET /v1/ledger/events", "GET /v1/ledger/head", "GET /v1/models", "GET /v1/models/{id}", "GET /v1/pools", "GET /v1/pools/{pool}",
            "GET /apis", "GET /apis/external.metrics.k8s.io", "GET /apis/external.metrics.k8s.io/v1beta1", "GET /apis/external.metrics.k8s.io/v1beta1/namespaces/{ns}/tokenledger_desired_replicas",
            "GET /v1/pools/{pool}/fairness", "GET /v1/pools/{pool}/fairness/history", "GET /v1/pools/{pool}/scaling", "GET /v1/pools/{pool}/scaling/history", "GET /v1/pools/{pool}/scaling/metric", "GET /v1/usage", "GET /v1/usage/events", "POST /v1/usage/corrections",
            "GET /v1/authorize", "POST /v1/admissions", "POST /v1/admissions/{requestId}/first-token", "POST /v1/admissions/{requestId}/renew", "POST /v1/keys",
            "POST /v1/pools/{pool}/entitlements/{entitlement}/keys", "POST /v1/usage",
            "PUT /v1/pools/{pool}", "PUT /v1/pools/{pool}/capacity", "PUT /v1/pools/{pool}/entitlements/{entitlement}",
        ];
        var described = api["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key}")).ToHashSet();
        Assert.Empty(expected.Except(described));
    }
}
