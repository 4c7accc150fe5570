namespace TokenLedger.Tests.Integration.Http;

/// <summary>Addresses and queries that are not what they should be.</summary>
[Collection(typeof(BadInputTests))]
public sealed class BadAddressTests(BadInput fixture)
{
    [Theory]
    [InlineData("a%20b")]
    [InlineData("a%2Fb")]
    [InlineData("a%5Cb")]
    [InlineData("p%C3%B6ol")]
    [InlineData("%F0%9F%8E%88")]
    [InlineData("-pool")]
    [InlineData(".pool")]
    [InlineData("pool;drop")]
    [InlineData("pool%0A")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task Refuses_names_with_odd_characters(string name)
    {
        await fixture.LeavesNoTraceAsync(HttpMethod.Put, $"/v1/pools/{name}", Bodies.Pool().ToJsonString(), 400, "invalid-input", "pool");
        await fixture.LeavesNoTraceAsync(HttpMethod.Get, $"/v1/pools/{name}", null, 400, "invalid-input", "pool");
        await fixture.LeavesNoTraceAsync(HttpMethod.Put, $"/v1/pools/{name}/capacity", """{"replicas":1}""", 400, "invalid-input", "pool");
        await fixture.LeavesNoTraceAsync(HttpMethod.Get, $"/v1/pools/{name}/fairness", null, 400, "invalid-input", "pool");
        await fixture.LeavesNoTraceAsync(HttpMethod.Put, $"/v1/pools/pool/entitlements/{name}", Bodies.Entitlement().ToJsonString(), 400, "invalid-input", "entitlement");
        await fixture.LeavesNoTraceAsync(HttpMethod.Delete, $"/v1/pools/pool/entitlements/chat/keys/{name}", null, 400, "invalid-input", "keyId");
        await fixture.LeavesNoTraceAsync(HttpMethod.Post, $"/v1/admissions/{name}/renew", null, 400, "invalid-input", "requestId");
        await fixture.LeavesNoTraceAsync(HttpMethod.Get, $"/v1/usage?pool={name}", null, 400, "invalid-input", "pool");
    }

    [Theory]
    [InlineData("7")]
    [InlineData("0f8fad5bd9cb469fa16570867728950e")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    public Task Says_that_a_request_id_is_a_UUID(string id) => fixture.LeavesNoTraceAsync(async () =>
        Assert.Contains("must be a UUID", (await fixture.Gateway.DeleteAsync($"/v1/admissions/{id}")).MustRefuse(400, "invalid-input", "requestId").Text("detail"), StringComparison.Ordinal));

    [Fact]
    public Task Refuses_an_address_with_a_null_character() => fixture.LeavesNoTraceAsync(async () =>
        (await fixture.Api.Operator.PutAsync("/v1/pools/%00", Bodies.Pool())).MustBe(400));

    [Theory]
    [InlineData("GET", "/v1/pools/none", "pool-unknown")]
    [InlineData("DELETE", "/v1/pools/none/entitlements/chat", "pool-unknown")]
    [InlineData("POST", "/v1/pools/none/entitlements/chat/keys", "pool-unknown")]
    [InlineData("DELETE", "/v1/pools/none/entitlements/chat/keys/k", "pool-unknown")]
    [InlineData("GET", "/v1/pools/none/fairness", "pool-unknown")]
    [InlineData("GET", "/v1/pools/none/fairness/history", "pool-unknown")]
    [InlineData("DELETE", "/v1/pools/pool/entitlements/none", "entitlement-unknown")]
    [InlineData("POST", "/v1/pools/pool/entitlements/none/keys", "entitlement-unknown")]
    [InlineData("DELETE", "/v1/pools/pool/entitlements/none/keys/k", "entitlement-unknown")]
    [InlineData("DELETE", "/v1/pools/pool/entitlements/chat/keys/none", "key-unknown")]
    [InlineData("DELETE", "/v1/keys/none", "key-unknown")]
    [InlineData("DELETE", "/v1/keys/configured", "key-unknown")]
    [InlineData("POST", "/v1/admissions/0f8fad5b-d9cb-469f-a165-70867728950e/renew", "reservation-unknown")]
    [InlineData("POST", "/v1/admissions/0f8fad5b-d9cb-469f-a165-70867728950e/first-token", "reservation-unknown")]
    [InlineData("DELETE", "/v1/admissions/0f8fad5b-d9cb-469f-a165-70867728950e", "reservation-unknown")]
    [InlineData("GET", "/v1/nothing", "no-such-address")]
    [InlineData("GET", "/v1/pools/pool/..%2f..", "no-such-address")]
    [InlineData("GET", "/v1/../../etc/passwd", "no-such-address")]
    [InlineData("GET", "/v1/pools/%2e%2e/%2e%2e/x", "no-such-address")]
    public Task Says_what_is_not_there(string method, string path, string reason) => fixture.LeavesNoTraceAsync(new(method), path, null, 404, reason);

    [Fact]
    public async Task Says_that_there_is_no_pool_to_grant_from_or_to_report_on()
    {
        await fixture.LeavesNoTraceAsync(HttpMethod.Put, "/v1/pools/none/entitlements/chat", Bodies.Entitlement().ToJsonString(), 404, "pool-unknown");
        await fixture.LeavesNoTraceAsync(HttpMethod.Put, "/v1/pools/none/capacity", """{"replicas":1}""", 404, "pool-unknown");
    }

    [Theory]
    [InlineData("POST", "/v1/pools/pool")]
    [InlineData("DELETE", "/v1/pools/pool")]
    [InlineData("POST", "/v1/pools")]
    [InlineData("GET", "/v1/pools/pool/capacity")]
    [InlineData("GET", "/v1/admissions")]
    [InlineData("PUT", "/v1/usage")]
    [InlineData("DELETE", "/v1/ledger/events")]
    [InlineData("POST", "/v1/ledger/head")]
    [InlineData("PATCH", "/v1/keys")]
    public Task Refuses_a_method_that_the_address_does_not_take(string method, string path) =>
        fixture.LeavesNoTraceAsync(new(method), path, null, 405, "method-not-allowed");

    [Theory]
    [InlineData("/v1/ledger/events?after=-1", "after")]
    [InlineData("/v1/ledger/events?after=9223372036854775808", "after")]
    [InlineData("/v1/ledger/events?limit=0", "limit")]
    [InlineData("/v1/ledger/events?limit=10001", "limit")]
    [InlineData("/v1/ledger/events?type=request-admitted.v2", "type")]
    [InlineData("/v1/ledger/events?stream=%00", "stream")]
    [InlineData("/v1/usage?window=week", "window")]
    [InlineData("/v1/usage?groupBy=tenant,colour", "groupBy")]
    [InlineData("/v1/usage?format=xml", "format")]
    [InlineData("/v1/usage?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to")]
    [InlineData("/v1/usage?from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to")]
    [InlineData("/v1/usage?from=yesterday", "from")]
    [InlineData("/v1/usage?to=2026-13-01T00:00:00Z", "to")]
    [InlineData("/v1/usage?tenant=a%20b", "tenant")]
    [InlineData("/v1/usage?entitlement=..", "entitlement")]
    [InlineData("/v1/usage?model=%00", "model")]
    [InlineData("/v1/usage?atLeast=-1", "atLeast")]
    [InlineData("/v1/usage?atLeast=NaN", "atLeast")]
    [InlineData("/v1/usage/events?after=-1", "after")]
    [InlineData("/v1/usage/events?after=1.5", "after")]
    [InlineData("/v1/usage/events?limit=0", "limit")]
    [InlineData("/v1/usage/events?limit=10001", "limit")]
    [InlineData("/v1/usage/events?limit=99999999999", "limit")]
    [InlineData("/v1/usage/events?format=xml", "format")]
    [InlineData("/v1/usage/events?to=x", "to")]
    [InlineData("/v1/pools/pool/fairness/history?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to")]
    [InlineData("/v1/pools/pool/fairness/history?from=x", "from")]
    public Task Names_the_part_of_the_query_that_is_wrong(string path, string field) => fixture.LeavesNoTraceAsync(HttpMethod.Get, path, null, 400, "invalid-input", field);
}
