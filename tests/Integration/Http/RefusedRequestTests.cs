using TokenLedger.Contracts;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Well-formed calls that a rule forbids, and that leave no trace.</summary>
[Collection(typeof(BadInputTests))]
public sealed class RefusedRequestTests(BadInput fixture)
{
    private readonly ApiInstance _api = fixture.Api;

    [Fact]
    public async Task Refuses_a_revoked_key_at_once()
    {
        var key = await _api.IssueKeyAsync("pool", "chat");
        var gateway = _api.With(key.Text("key"));
        var request = Guid.NewGuid();
        (await gateway.AdmitAsync(request)).MustBe(201);
        (await _api.Operator.DeleteAsync($"/v1/pools/pool/entitlements/chat/keys/{key.Text("keyId")}")).MustBe(204);
        await fixture.LeavesNoTraceAsync(async () =>
        {
            (await gateway.AdmitAsync(Guid.NewGuid())).MustRefuse(401, "key-unknown");
            (await gateway.AdmitAsync(request)).MustRefuse(401, "key-unknown");
            (await gateway.UseAsync(request)).MustRefuse(401, "key-unknown");
        });
    }

    [Fact]
    public async Task Refuses_the_key_of_a_revoked_entitlement()
    {
        var gateway = await _api.EnterAsync("pool", "revoked");
        (await _api.Operator.DeleteAsync("/v1/pools/pool/entitlements/revoked")).MustBe(204);
        await fixture.LeavesNoTraceAsync(async () =>
        {
            (await gateway.AdmitAsync(Guid.NewGuid())).MustRefuse(403, "entitlement-not-bound");
            (await _api.Operator.PostAsync("/v1/pools/pool/entitlements/revoked/keys")).MustRefuse(403, "entitlement-not-bound");
            (await _api.Operator.DeleteAsync("/v1/pools/pool/entitlements/revoked")).MustBe(204);
        });
    }

    [Fact]
    public async Task Refuses_an_entitlement_before_it_begins_and_after_it_has_ended()
    {
        var early = await _api.EnterAsync("pool", "early", Bodies.Entitlement("elastic").But("validFrom", "\"2999-01-01T00:00:00Z\""));
        var late = await _api.EnterAsync("pool", "late", Bodies.Entitlement("elastic"));
        (await _api.Operator.PutAsync("/v1/pools/pool/entitlements/late", Bodies.Entitlement("elastic").But("validTo", "\"2020-01-01T00:00:00+02:00\""))).MustBe(200);
        await fixture.LeavesNoTraceAsync(async () =>
        {
            Assert.Contains("not valid yet", (await early.AdmitAsync(Guid.NewGuid())).MustRefuse(403, "entitlement-not-bound").Text("detail"), StringComparison.Ordinal);
            Assert.Contains("not valid any more", (await late.AdmitAsync(Guid.NewGuid())).MustRefuse(403, "entitlement-not-bound").Text("detail"), StringComparison.Ordinal);
            Assert.Equal(("pending", "expired"), ((string?)(await _api.LookAsync("pool", "early")).Entitlement["state"], (string?)(await _api.LookAsync("pool", "late")).Entitlement["state"]));
        });
    }

    [Fact]
    public Task Refuses_an_admitted_id_with_another_payload_or_from_another_entitlement() => fixture.LeavesNoTraceAsync(async () =>
    {
        foreach (var request in (Guid[])[fixture.Open, fixture.Used])
        {
            (await fixture.Gateway.AdmitAsync(request, input: 101)).MustRefuse(409, "request-id-reused");
            (await fixture.Gateway.AdmitAsync(request, output: 51)).MustRefuse(409, "request-id-reused");
            (await fixture.Gateway.PostAsync("/v1/admissions", Bodies.Admission(request).Without("maxOutputTokens"))).MustRefuse(409, "request-id-reused");
            (await fixture.Gateway.PostAsync("/v1/admissions", Bodies.Admission(request).But("workload", "\"code\""))).MustRefuse(409, "request-id-reused");
            (await fixture.Other.AdmitAsync(request)).MustRefuse(409, "request-id-reused");
        }
    });

    [Fact]
    public Task Refuses_the_request_of_another_entitlement() => fixture.LeavesNoTraceAsync(async () =>
    {
        foreach (var request in (Guid[])[fixture.Open, fixture.Used])
        {
            (await fixture.Other.PostAsync($"/v1/admissions/{request}/first-token")).MustRefuse(403, "foreign-request");
            (await fixture.Other.PostAsync($"/v1/admissions/{request}/renew")).MustRefuse(403, "foreign-request");
            (await fixture.Other.DeleteAsync($"/v1/admissions/{request}")).MustRefuse(403, "foreign-request");
            (await fixture.Other.UseAsync(request)).MustRefuse(403, "foreign-request");
        }
    });

    [Fact]
    public Task Refuses_what_comes_after_the_end() => fixture.LeavesNoTraceAsync(async () =>
    {
        (await fixture.Gateway.PostAsync($"/v1/admissions/{fixture.Used}/first-token")).MustRefuse(409, "reservation-ended");
        (await fixture.Gateway.PostAsync($"/v1/admissions/{fixture.Used}/renew")).MustRefuse(409, "reservation-ended");
        (await fixture.Gateway.DeleteAsync($"/v1/admissions/{fixture.Used}")).MustRefuse(409, "reservation-ended");
    });

    [Theory]
    [InlineData("data.inputTokens", "101")]
    [InlineData("data.cachedInputTokens", "1")]
    [InlineData("data.outputTokens", "51")]
    [InlineData("data.reasoningTokens", "1")]
    [InlineData("data.outcome", "\"failed\"")]
    [InlineData("data.completedAt", "\"2026-01-01T00:00:00Z\"")]
    [InlineData("data.startedAt", "\"2026-01-01T00:00:00Z\"")]
    [InlineData("subject", "\"0f8fad5b-d9cb-469f-a165-70867728950e\"")]
    public Task Refuses_a_recorded_usage_event_with_other_data(string field, string value) => fixture.LeavesNoTraceAsync(async () =>
        (await fixture.Gateway.PostUsageAsync(Bodies.Usage(fixture.Used, id: "used").But(field, value))).MustRefuse(409, "event-id-reused"));

    [Fact]
    public Task Refuses_usage_in_a_pool_that_is_not_the_keys_or_is_not_there() => fixture.LeavesNoTraceAsync(async () =>
    {
        (await fixture.Gateway.PostUsageAsync(Bodies.Usage(Guid.NewGuid()).But("data.pool", "\"none\""))).MustRefuse(403, "foreign-pool");
        (await _api.Operator.PostUsageAsync(Bodies.Usage(Guid.NewGuid()).But("data.pool", "\"none\""))).MustRefuse(400, "pool-unknown");
    });

    [Theory]
    [InlineData("baseline.tokensPerSecond", "400001")]
    [InlineData("baseline.kvCacheBytes", "4000000001")]
    [InlineData("baseline.sequences", "257")]
    public async Task Refuses_a_grant_that_can_never_fit(string field, string value)
    {
        foreach (var serviceClass in (string[])["dedicated", "guaranteed", "elastic"])
            await fixture.LeavesNoTraceAsync(HttpMethod.Put, "/v1/pools/pool/entitlements/vast", Bodies.Entitlement(serviceClass).With(field, value), 422, "never-fits");
    }

    [Fact]
    public Task Refuses_to_shrink_a_pool_below_its_promises() => fixture.LeavesNoTraceAsync(
        HttpMethod.Put, BadInput.APool, Bodies.Pool().With("perReplica.sequences", "1"), 422, "never-fits");

    [Fact]
    public async Task Records_the_refusal_of_a_request_that_can_never_fit()
    {
        var (head, request) = (await _api.Events.HeadAsync(), Guid.NewGuid());
        var answer = (await fixture.Gateway.AdmitAsync(request, input: 100_000_000)).MustRefuse(422, "never-fits");
        Assert.False(answer.Headers.ContainsKey("Retry-After"), answer.Body);
        Assert.Null(answer.Json["retryAfterMs"]);
        Assert.Equal(head + 1, await _api.Events.HeadAsync());
        var (position, denied) = await _api.Events.FirstAsync<RequestDenied>(e => e.Request.Value == request);
        Assert.Equal((head + 1, DenialReason.NeverFits, 100_000_050), (position, denied.Reason, denied.Tokens));
    }
}
