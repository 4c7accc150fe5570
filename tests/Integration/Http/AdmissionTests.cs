using TokenLedger.Contracts;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>A request from its admission to its end.</summary>
public sealed class AdmissionTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Nothing = """{"tokens":0,"kvCacheBytes":0,"sequences":0}""";
    private readonly ApiInstance _api = fixture.Api;

    [Fact]
    public async Task Admits_a_request_and_answers_a_repeat_to_the_byte()
    {
        await _api.OpenPoolAsync("repeat");
        var gateway = await _api.EnterAsync("repeat", "chat");
        var request = Guid.NewGuid();
        var first = (await gateway.AdmitAsync(request)).MustBe(201);
        var again = (await gateway.AdmitAsync(request)).MustBe(200);
        Assert.Equal(first.Body, again.Body);
        Assert.Equal(await _api.Events.HeadAsync(), first.Position);
        Assert.Equal($"/v1/admissions/{request}", first.Header("Location"));
        Assert.Equal((request.ToString(), "repeat", "chat", 50), (first.Text("requestId"), first.Text("pool"), first.Text("entitlement"), first.Long("expectedOutputTokens")));
        Assert.Equal("""{"tokens":150,"kvCacheBytes":150000,"sequences":1}""", first.Json["reserved"]!.ToJsonString());
        Assert.EndsWith("Z", first.Text("expiresAt"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fills_in_the_pools_output_limit()
    {
        await _api.OpenPoolAsync("default");
        var gateway = await _api.EnterAsync("default", "chat");
        var answer = (await gateway.PostAsync("/v1/admissions", Bodies.Admission(Guid.NewGuid()).Without("maxOutputTokens").Without("workload").Without("waitMs"))).MustBe(201);
        Assert.Equal((100, 200), (answer.Long("expectedOutputTokens"), (long)answer.Json["reserved"]!["tokens"]!));
    }

    [Fact]
    public async Task Admits_one_of_64_that_come_at_once_with_the_same_id()
    {
        await _api.OpenPoolAsync("crowd");
        var gateway = await _api.EnterAsync("crowd", "chat");
        var request = Guid.NewGuid();
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => gateway.AdmitAsync(request)));
        Assert.Equal([(200, 63), (201, 1)], answers.CountBy(answer => answer.Status).Select(count => (count.Key, count.Value)).Order());
        Assert.Single(answers.Select(answer => answer.Body).Distinct());
        Assert.Single(await _api.Events.AllAsync<RequestAdmitted>(e => e.Request.Value == request));
        Assert.Equal(1, (int)(await _api.LookAsync("crowd", "chat")).Pool["openReservations"]!);
    }

    [Fact]
    public async Task Settles_the_prefill_at_the_first_token_and_only_once()
    {
        await _api.OpenPoolAsync("prefill");
        var gateway = await _api.EnterAsync("prefill", "chat");
        var request = Guid.NewGuid();
        (await gateway.AdmitAsync(request)).MustBe(201);
        var first = (await gateway.PostAsync($"/v1/admissions/{request}/first-token")).MustBe(200);
        Assert.Equal("""{"tokens":50,"kvCacheBytes":150000,"sequences":1}""", first.Json["outstanding"]!.ToJsonString());
        var head = await _api.Events.HeadAsync();
        var again = (await gateway.PostAsync($"/v1/admissions/{request}/first-token")).MustBe(200);
        Assert.Equal(first.Json["outstanding"]!.ToJsonString(), again.Json["outstanding"]!.ToJsonString());
        Assert.Equal(head, await _api.Events.HeadAsync());
        Assert.Equal(100, Assert.Single(await _api.Events.AllAsync<PrefillReleased>(e => e.Request.Value == request)).Data.Tokens);
    }

    [Fact]
    public async Task Extends_a_lease_and_gives_everything_back_on_release()
    {
        await _api.OpenPoolAsync("release");
        var gateway = await _api.EnterAsync("release", "chat");
        var request = Guid.NewGuid();
        var admitted = (await gateway.AdmitAsync(request)).MustBe(201);
        var renewed = (await gateway.PostAsync($"/v1/admissions/{request}/renew")).MustBe(200);
        Assert.True(DateTimeOffset.Parse(renewed.Text("expiresAt"), null) > DateTimeOffset.Parse(admitted.Text("expiresAt"), null), renewed.Body);
        Assert.Equal(1, (int)(await _api.LookAsync("release", "chat")).Pool["dimensions"]!["sequences"]!["held"]!);
        Assert.Equal(Nothing, (await gateway.DeleteAsync($"/v1/admissions/{request}")).MustBe(200).Json["outstanding"]!.ToJsonString());
        var (pool, entitlement) = await _api.LookAsync("release", "chat");
        Assert.Equal((0, Nothing), ((int)pool["openReservations"]!, entitlement["inFlight"]!.ToJsonString()));
        Assert.All((string[])["tokens", "kvCacheBytes", "sequences"], dimension => Assert.Equal(0, (long)pool["dimensions"]![dimension]!["held"]!));
        Assert.Equal(admitted.Body, (await gateway.AdmitAsync(request)).MustBe(200).Body);
    }

    [Fact]
    public async Task Admits_an_id_that_was_refused_before()
    {
        await _api.OpenPoolAsync("again");
        var gateway = await _api.EnterAsync("again", "chat", Bodies.Entitlement().But("baseline.sequences", "1"));
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        (await gateway.AdmitAsync(first)).MustBe(201);
        (await gateway.AdmitAsync(second)).MustRefuse(429, "concurrency-exceeded");
        (await gateway.AdmitAsync(second, input: 90)).MustRefuse(429, "concurrency-exceeded");
        (await gateway.DeleteAsync($"/v1/admissions/{first}")).MustBe(200);
        (await gateway.AdmitAsync(second, input: 80)).MustBe(201);
        Assert.Equal(2, (await _api.Events.AllAsync<RequestDenied>(e => e.Request.Value == second)).Count);
    }

    [Fact]
    public async Task Stops_the_newest_preemptible_request_for_a_guaranteed_one()
    {
        await _api.OpenPoolAsync("evict", Bodies.Pool().But("replicas", "1").But("perReplica.sequences", "2"));
        var lowly = await _api.EnterAsync("evict", "lowly", Bodies.Entitlement("preemptible").Without("baseline"));
        var (older, newer, guaranteed) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        (await lowly.AdmitAsync(older)).MustBe(201);
        (await lowly.AdmitAsync(newer)).MustBe(201);
        var entitled = await _api.EnterAsync("evict", "chat", Bodies.Entitlement().But("baseline.sequences", "1"));
        (await entitled.AdmitAsync(guaranteed)).MustBe(201);
        var (_, evicted) = Assert.Single(await _api.Events.AllAsync<ReservationEvicted>(e => e.Pool.Value == "evict"));
        Assert.Equal((newer, guaranteed, new Resources(150, 150_000, 1)), (evicted.Request.Value, evicted.Beneficiary.Value, evicted.Evicted));
        (await lowly.PostAsync($"/v1/admissions/{newer}/renew")).MustRefuse(409, "reservation-ended");
        (await lowly.PostAsync($"/v1/admissions/{older}/renew")).MustBe(200);
        Assert.Equal(1, (int)(await _api.LookAsync("evict", "lowly")).Entitlement["inFlight"]!["sequences"]!);
    }

    [Fact]
    public async Task Takes_in_the_capacity_that_really_runs()
    {
        await _api.OpenPoolAsync("fleet");
        var gateway = await _api.EnterAsync("fleet", "chat");
        var autoscaler = await _api.AsRoleAsync("autoscaler");
        await ReportAsync(autoscaler, 0);
        Assert.Equal("degraded", (string?)(await _api.LookAsync("fleet", "chat")).Entitlement["state"]);
        var refused = (await gateway.AdmitAsync(Guid.NewGuid())).MustRefuse(503, "no-capacity");
        Assert.Equal((10_000, "10"), (refused.Long("retryAfterMs"), refused.Header("Retry-After")));
        await ReportAsync(autoscaler, 3);
        var (pool, entitlement) = await _api.LookAsync("fleet", "chat");
        Assert.Equal((192, "bound"), ((int)pool["dimensions"]!["sequences"]!["capacity"]!, (string?)entitlement["state"]));
        // Its token bucket was emptied with the pool and fills again as time passes, so this one asks for none.
        (await gateway.AdmitAsync(Guid.NewGuid(), input: 0, output: 0)).MustBe(201);
        var head = await _api.Events.HeadAsync();
        Assert.Equal(head, (await autoscaler.PutAsync("/v1/pools/fleet/capacity", Bodies.Parse("""{"replicas":3}"""))).MustBe(200).Position);
        Assert.Equal([(0, 2), (3, 0)], (await _api.Events.AllAsync<CapacityChanged>(e => e.Pool.Value == "fleet")).Select(e => (e.Data.Replicas, e.Data.PreviousReplicas)));
    }

    private async Task ReportAsync(ApiClient autoscaler, int replicas)
    {
        var reported = (await autoscaler.PutAsync("/v1/pools/fleet/capacity", Bodies.Parse($$"""{"replicas":{{replicas}}}"""))).MustBe(200);
        var (_, applied) = await _api.Events.FirstAsync<LimitsApplied>(e => e.CapacityPosition == reported.Position);
        Assert.Equal(replicas, applied.Replicas);
        Assert.Equal(replicas, (int)(await _api.LookAsync("fleet", "chat")).Pool["replicas"]!);
    }
}
