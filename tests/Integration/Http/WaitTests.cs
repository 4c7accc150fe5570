using System.Text.Json.Nodes;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Requests that wait for capacity, from their asking to the answer.</summary>
public sealed class WaitTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiInstance _api = fixture.Api;

    /// <summary>A pool of one sequence, which a request of `first` holds already, and the clients of `first` and of `second`.</summary>
    private async Task<(Guid Holder, ApiClient First, ApiClient Second)> FullAsync(string pool, string queue = """{"order":"fifo","maxRequests":3,"maxWaitMs":600000}""")
    {
        await _api.OpenPoolAsync(pool, Bodies.Pool().But("replicas", "1").But("perReplica.sequences", "1").But("leaseSeconds", "3600").But("queue", queue));
        var first = await _api.EnterAsync(pool, "first", Bodies.Entitlement("elastic").But("baseline.sequences", "1"));
        var second = await _api.EnterAsync(pool, "second", Bodies.Entitlement("spot", "globex").Without("baseline"));
        var holder = Guid.NewGuid();
        (await first.AdmitAsync(holder)).MustBe(201);
        return (holder, first, second);
    }

    /// <summary>Sends a request that waits, and comes back when it does.</summary>
    private async Task<Task<ApiAnswer>> QueueAsync(ApiClient gateway, Guid request, long waitMs = 600_000, CancellationToken? ct = null)
    {
        var answer = AskAsync(gateway, request, waitMs, ct);
        await _api.Events.FirstAsync<RequestQueued>(e => e.Request.Value == request);
        return answer;
    }

    private static Task<ApiAnswer> AskAsync(ApiClient gateway, Guid request, long waitMs = 600_000, CancellationToken? ct = null, long input = 100) =>
        gateway.SendAsync(HttpMethod.Post, "/v1/admissions", Bodies.Admission(request, input).But("waitMs", $"{waitMs}").ToJsonString(), ct: ct);

    [Fact]
    public async Task Is_admitted_when_another_request_ends()
    {
        var (holder, first, second) = await FullAsync("turn");
        var waits = Guid.NewGuid();
        var answer = await QueueAsync(second, waits);
        Assert.Equal((1, "fifo", 3), Queue((await _api.LookAsync("turn", "first")).Pool));
        Assert.False(answer.IsCompleted);
        (await first.UseAsync(holder)).MustBe(202);
        var admitted = (await answer).MustBe(201);
        var (position, recorded) = await _api.Events.FirstAsync<RequestAdmitted>(e => e.Request.Value == waits);
        Assert.Equal((position, "second", recorded.Reserved.Tokens), (admitted.Position, admitted.Text("entitlement"), (long)admitted.Json["reserved"]!["tokens"]!));
        Assert.True(admitted.Headers.ContainsKey("RateLimit"));
        Assert.Equal(admitted.Body, (await AskAsync(second, waits)).MustBe(200).Body);
        Assert.Equal((0, "fifo", 3), Queue((await _api.LookAsync("turn", "first")).Pool));
    }

    private static (int Waiting, string Order, int Places) Queue(JsonNode pool) =>
        ((int)pool["waitingRequests"]!, (string)pool["queue"]!["order"]!, (int)pool["queue"]!["maxRequests"]!);

    [Fact]
    public async Task Is_refused_when_its_time_is_up()
    {
        var (_, _, second) = await FullAsync("late");
        var refused = (await AskAsync(second, Guid.NewGuid(), waitMs: 1)).MustRefuse(429, "wait-expired");
        Assert.True(refused.Long("retryAfterMs") >= 1_000 && refused.Headers.ContainsKey("Retry-After"), refused.Body);
        Assert.Equal(0, (int)(await _api.LookAsync("late", "first")).Pool["waitingRequests"]!);
    }

    [Fact]
    public async Task Does_not_wait_longer_than_the_pool_allows_nor_where_nobody_may()
    {
        var (_, _, second) = await FullAsync("short", """{"maxWaitMs":1}""");
        (await AskAsync(second, Guid.NewGuid())).MustRefuse(429, "wait-expired");
        (_, _, second) = await FullAsync("none", """{"maxRequests":0}""");
        (await AskAsync(second, Guid.NewGuid())).MustRefuse(429, "pool-exhausted");
    }

    [Fact]
    public async Task Leaves_its_place_when_its_client_goes()
    {
        var (holder, first, second) = await FullAsync("gone");
        using var connection = new CancellationTokenSource();
        var (goes, stays) = (Guid.NewGuid(), Guid.NewGuid());
        var gone = await QueueAsync(second, goes, ct: connection.Token);
        var answer = await QueueAsync(second, stays);
        await connection.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        await _api.Events.FirstAsync<WaitAbandoned>(e => e.Request.Value == goes);
        (await first.DeleteAsync($"/v1/admissions/{holder}")).MustBe(200);
        (await answer).MustBe(201);
        Assert.Empty(await _api.Events.AllAsync<RequestAdmitted>(e => e.Request.Value == goes));
    }

    [Fact]
    public async Task Waits_along_with_the_same_request_and_not_with_another_of_its_id()
    {
        var (holder, first, second) = await FullAsync("same");
        var request = Guid.NewGuid();
        var once = await QueueAsync(second, request);
        var twice = AskAsync(second, request);
        (await AskAsync(second, request, input: 99)).MustRefuse(409, "request-id-reused");
        (await AskAsync(first, request)).MustRefuse(409, "request-id-reused");
        (await first.DeleteAsync($"/v1/admissions/{holder}")).MustBe(200);
        var answer = (await once).MustBe(201);
        // The second call may have come when the first was admitted already.
        Assert.Contains((await twice).Status, (int[])[200, 201]);
        Assert.Equal(answer.Body, (await twice).Body);
        Assert.Single(await _api.Events.AllAsync<RequestQueued>(e => e.Request.Value == request));
        Assert.Single(await _api.Events.AllAsync<RequestAdmitted>(e => e.Request.Value == request));
    }

    [Fact]
    public async Task Gives_its_place_to_a_heavier_request_when_the_room_is_full_and_others_go_first()
    {
        var (_, first, second) = await FullAsync("heavy", """{"order":"fifo","maxRequests":1,"maxWaitMs":600000}""");
        var light = await QueueAsync(second, Guid.NewGuid());
        using var connection = new CancellationTokenSource();
        var heavy = await QueueAsync(first, Guid.NewGuid(), ct: connection.Token);
        var displaced = (await light).MustRefuse(429, "low-priority");
        Assert.True(displaced.Long("retryAfterMs") >= 1_000, displaced.Body);
        (await AskAsync(second, Guid.NewGuid())).MustRefuse(429, "pool-exhausted");
        await connection.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => heavy);
    }

    [Fact]
    public async Task Is_told_when_its_entitlement_ends()
    {
        var (_, _, second) = await FullAsync("ended");
        var answer = await QueueAsync(second, Guid.NewGuid());
        (await _api.Operator.DeleteAsync("/v1/pools/ended/entitlements/second")).MustBe(204);
        (await answer).MustRefuse(403, "entitlement-not-bound");
    }

    [Fact]
    public async Task Is_measured()
    {
        var (_, _, second) = await FullAsync("measured");
        (await AskAsync(second, Guid.NewGuid(), waitMs: 1)).MustBe(429);
        var metrics = (await _api.Nobody.GetAsync("/metrics")).MustBe(200).Body.Split('\n').Where(line => line.Contains("measured", StringComparison.Ordinal)).ToList();
        Assert.True(metrics.Contains("tokenledger_admission_wait_seconds_count{otel_scope_name=\"TokenLedger.Admission\",outcome=\"wait-expired\",pool=\"measured\"} 1"), string.Join('\n', metrics));
        Assert.True(metrics.Contains("tokenledger_admission_waiting{otel_scope_name=\"TokenLedger.Admission\",pool=\"measured\"} 0"), string.Join('\n', metrics));
    }
}
