using System.Text.Json.Nodes;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Who may not call what.</summary>
[Collection(typeof(BadInputTests))]
public sealed class RefusedCallerTests(BadInput fixture)
{
    private const string ARequest = "/v1/admissions/0f8fad5b-d9cb-469f-a165-70867728950e";

    [Theory]
    [InlineData("PUT", BadInput.APool, "operator")]
    [InlineData("GET", "/v1/pools", "operator finance auditor gateway autoscaler")]
    [InlineData("GET", BadInput.APool, "operator finance auditor gateway autoscaler")]
    [InlineData("PUT", BadInput.AnEntitlement, "operator")]
    [InlineData("DELETE", "/v1/pools/pool/entitlements/none", "operator")]
    [InlineData("POST", "/v1/pools/pool/entitlements/none/keys", "operator")]
    [InlineData("DELETE", "/v1/pools/pool/entitlements/chat/keys/none", "operator")]
    [InlineData("PUT", "/v1/pools/none/capacity", "operator autoscaler")]
    [InlineData("POST", "/v1/admissions", "inference operator gateway")]
    [InlineData("POST", ARequest + "/first-token", "inference")]
    [InlineData("POST", ARequest + "/renew", "inference")]
    [InlineData("DELETE", ARequest, "inference")]
    [InlineData("POST", "/v1/usage", "inference operator gateway")]
    [InlineData("GET", "/v1/usage", "operator finance")]
    [InlineData("POST", BadInput.Corrections, "operator finance")]
    [InlineData("GET", "/v1/usage/events", "operator finance")]
    [InlineData("GET", "/v1/pools/pool/fairness", "operator finance auditor gateway autoscaler")]
    [InlineData("GET", "/v1/pools/pool/fairness/history", "operator finance auditor gateway autoscaler")]
    [InlineData("GET", "/v1/pools/none/scaling", "operator finance auditor gateway autoscaler")]
    [InlineData("GET", "/v1/pools/none/scaling/metric", "operator finance auditor gateway autoscaler")]
    [InlineData("GET", "/v1/pools/none/scaling/history", "operator finance auditor gateway autoscaler")]
    [InlineData("GET", "/apis/external.metrics.k8s.io/v1beta1/namespaces/any/tokenledger_desired_replicas", "operator autoscaler")]
    [InlineData("GET", "/v1/ledger/head", "operator auditor")]
    [InlineData("GET", "/v1/ledger/events", "operator auditor")]
    [InlineData("GET", "/v1/keys", "operator")]
    [InlineData("POST", "/v1/keys", "operator")]
    [InlineData("DELETE", "/v1/keys/none", "operator")]
    [InlineData("GET", "/v1/prices", "operator finance")]
    [InlineData("GET", "/v1/prices/llama", "operator finance")]
    [InlineData("PUT", "/v1/prices/llama", "operator finance")]
    [InlineData("GET", "/v1/statements/acme", "operator finance")]
    [InlineData("GET", "/v1/statements/acme/2026-01", "operator finance")]
    [InlineData("GET", "/v1/statements/runs", "operator finance")]
    [InlineData("POST", "/v1/statements/close", "operator")]
    [InlineData("GET", "/v1/entitlements/none/value", "operator finance")]
    public async Task Lets_only_the_roles_in_that_an_address_is_for(string method, string path, string allowed)
    {
        var callers = await fixture.CallersAsync();
        await fixture.LeavesNoTraceAsync(async () =>
        {
            foreach (var (role, client) in callers)
            {
                // Nothing is sent that could be recorded: whoever is let in is told what is wrong with it.
                var answer = await client.SendAsync(new(method), path, method is "PUT" or "POST" ? "{" : null, path == "/v1/usage" ? ApiClient.Usage : "application/json");
                if (!allowed.Split(' ').Contains(role)) answer.MustRefuse(403, "role-missing");
                else Assert.True(answer.Status is 200 or 400 or 404, $"{role}: {answer.Status} {answer.Body}");
            }
            (await fixture.Api.Nobody.SendAsync(new(method), path, method is "PUT" or "POST" ? "{" : null, path == "/v1/usage" ? ApiClient.Usage : "application/json")).MustRefuse(401, "key-unknown");
        });
    }

    /// <summary>Clients of the OpenAI API ask for models, so they are answered in its shape.</summary>
    [Fact]
    public async Task Lets_inference_keys_operators_and_gateways_see_models()
    {
        await fixture.Api.OpenPoolAsync("models-to-see");
        var callers = await fixture.CallersAsync();
        await fixture.LeavesNoTraceAsync(async () =>
        {
            foreach (var path in (string[])["/v1/models", "/v1/models/llama"])
            {
                foreach (var (role, client) in callers)
                    if (role is "inference" or "operator" or "gateway") Assert.Contains("llama", (await client.GetAsync(path)).MustBe(200).Body, StringComparison.Ordinal);
                    else Assert.Equal("role-missing", (string?)(await client.GetAsync(path)).MustBe(403).Json["error"]!["code"]);
                foreach (var nobody in (ApiClient[])[fixture.Api.Nobody, fixture.Api.With("tli_unknown")])
                {
                    var refused = (await nobody.GetAsync(path)).MustBe(401);
                    Assert.Equal(("key-unknown", "authentication_error", "Bearer"), ((string?)refused.Json["error"]!["code"], (string?)refused.Json["error"]!["type"], refused.Header("WWW-Authenticate")));
                    Assert.True(RequestId.TryParse(refused.Header("x-request-id"), null, out _));
                }
            }
        });
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer not-a-key")]
    [InlineData("bearer not-a-key")]
    [InlineData("Basic dXNlcjpwYXNz")]
    [InlineData(ApiInstance.OperatorKey)]
    [InlineData("Token " + ApiInstance.OperatorKey)]
    [InlineData("Bearer " + ApiInstance.OperatorKey + "x")]
    [InlineData("Bearer x, Bearer " + ApiInstance.OperatorKey)]
    public Task Refuses_a_caller_without_a_known_key(string? authorization) => fixture.LeavesNoTraceAsync(async () =>
    {
        foreach (var path in (string[])["/v1/pools", "/v1/ledger/head", "/v1/usage", "/v1/keys"])
        {
            var answer = (await fixture.Api.Nobody.SendAsync(HttpMethod.Get, path, null, authorization: authorization)).MustRefuse(401, "key-unknown");
            Assert.Equal("Bearer", answer.Header("WWW-Authenticate"));
        }
    });

    [Fact]
    public Task Refuses_a_key_that_is_longer_than_any() => fixture.LeavesNoTraceAsync(async () =>
        (await fixture.Api.With(new string('k', 8_000)).GetAsync("/v1/pools")).MustRefuse(401, "key-unknown"));

    [Fact]
    public async Task Tells_an_operator_key_that_it_has_no_entitlement_to_admit_for()
    {
        foreach (var (role, client) in (await fixture.CallersAsync()).Where(caller => caller.Role is "operator" or "gateway"))
            await fixture.LeavesNoTraceAsync(async () => (await client.AdmitAsync(Guid.NewGuid())).MustRefuse(403, "entitlement-unknown"));
    }

    [Fact]
    public async Task Shows_a_finance_key_bound_to_a_tenant_only_that_tenant()
    {
        var bound = await fixture.Api.AsRoleAsync("finance", "globex");
        await fixture.LeavesNoTraceAsync(async () =>
        {
            foreach (var path in (string[])["/v1/usage?tenant=acme", "/v1/usage/events?tenant=acme", "/v1/usage?tenant=acme&format=csv", "/v1/usage?tenant=nobody",
                "/v1/statements/acme", "/v1/statements/acme/2026-01", "/v1/statements/acme/2026-01?format=focus", "/v1/statements/runs"])
                (await bound.GetAsync(path)).MustRefuse(403, "foreign-tenant");
            (await bound.PutAsync("/v1/prices/llama", Bodies.Parse("""{"rates":[{"kind":"input","microsPerMillion":1}]}"""))).MustRefuse(403, "foreign-tenant");
            foreach (var path in (string[])["/v1/pools", "/v1/pools/pool", "/v1/pools/pool/fairness", "/v1/pools/pool/fairness/history"])
                (await bound.GetAsync(path)).MustRefuse(403, "role-missing");
            foreach (var path in (string[])["/v1/usage?groupBy=tenant,entitlement", "/v1/usage/events"])
                Assert.DoesNotContain("acme", (await bound.GetAsync(path)).MustBe(200).Body, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("operator")]
    [InlineData("auditor")]
    [InlineData("gateway")]
    public Task Refuses_to_bind_a_key_to_a_tenant_that_would_see_more(string role) => fixture.LeavesNoTraceAsync(
        HttpMethod.Post, "/v1/keys", new JsonObject { ["name"] = "a", ["roles"] = new JsonArray(role), ["tenant"] = "acme" }.ToJsonString(), 400, "invalid-input", "tenant");
}
