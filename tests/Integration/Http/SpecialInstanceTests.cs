using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>What needs an instance of its own: a restart, a clock that jumps, a bus without help, a bound that is soon reached.</summary>
public sealed class SpecialInstanceTests(PostgresServer postgres)
{
    [Theory]
    [InlineData(50_000)]
    [InlineData(1)] // Books are closed at every turn, so that the restart begins with them.
    public async Task Answers_after_a_restart_as_before_it(int eventsPerBook)
    {
        var connection = await postgres.CreateConnectionStringAsync("restart");
        var settings = new[] { ("Admission:EventsPerBook", $"{eventsPerBook}"), ("Admission:SweepIntervalMs", "20"), ("Fairness:LoopMs", "10000") };
        var (open, settled, released) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var usage = Bodies.Usage(settled);
        var before = new List<string>();
        string key, pool;
        await using (var first = await ApiInstance.StartAsync(connection, null, settings))
        {
            await first.OpenPoolAsync("pool");
            await first.GrantAsync("pool", "chat");
            key = (await first.IssueKeyAsync("pool", "chat")).Text("key");
            foreach (var request in (Guid[])[open, settled, released]) before.Add((await first.With(key).AdmitAsync(request)).MustBe(201).Body);
            before.Add((await first.With(key).PostUsageAsync(usage)).MustBe(202).Json["ledgerPosition"]!.ToJsonString());
            (await first.With(key).DeleteAsync($"/v1/admissions/{released}")).MustBe(200);
            await first.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == settled);
            if (eventsPerBook == 1) await first.Events.FirstAsync<BooksCarriedForward>(e => e.Open.Count == 1);
            pool = Still(await first.Operator.GetAsync("/v1/pools/pool"));
        }
        await using var second = await ApiInstance.StartAsync(connection, null, settings);
        var (gateway, head) = (second.With(key), await second.Events.HeadAsync());
        var after = new List<string>();
        foreach (var request in (Guid[])[open, settled, released]) after.Add((await gateway.AdmitAsync(request)).MustBe(200).Body);
        var repeat = (await gateway.PostUsageAsync(usage)).MustBe(202);
        after.Add(repeat.Json["ledgerPosition"]!.ToJsonString());
        Assert.Equal(before, after);
        Assert.True((bool)repeat.Json["duplicate"]!);
        Assert.Equal(pool, Still(await second.Operator.GetAsync("/v1/pools/pool")));
        (await gateway.AdmitAsync(settled, input: 1)).MustRefuse(409, "request-id-reused");
        (await gateway.PostUsageAsync(Bodies.Usage(settled, id: (string)usage["id"]!).But("data.outputTokens", "51"))).MustRefuse(409, "event-id-reused");
        (await gateway.PostAsync($"/v1/admissions/{released}/renew")).MustRefuse(409, "reservation-ended");
        Assert.Equal(head, await second.Events.HeadAsync());
        (await gateway.DeleteAsync($"/v1/admissions/{open}")).MustBe(200);
    }

    /// <summary>A pool without what its buckets gain as time passes.</summary>
    private static string Still(ApiAnswer pool)
    {
        var json = pool.MustBe(200).Json;
        json["dimensions"]!["tokens"]!.AsObject().Remove("available");
        json.AsObject().Remove("ledgerVersion"); // Closed books are an event, too.
        return json.ToJsonString();
    }

    [Fact]
    public async Task Ends_a_lease_that_runs_out_and_follows_the_calendar()
    {
        var clock = new ShiftedTime();
        await using var api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("clock"), clock, ("Admission:SweepIntervalMs", "20"));
        await api.OpenPoolAsync("pool");
        var end = clock.GetUtcNow().AddHours(1).ToString("O");
        var gateway = await api.EnterAsync("pool", "chat", Bodies.Entitlement().But("validTo", $"\"{end}\""));
        var (forgotten, renewed) = (Guid.NewGuid(), Guid.NewGuid());
        var admitted = (await gateway.AdmitAsync(forgotten)).MustBe(201);
        (await gateway.AdmitAsync(renewed)).MustBe(201);
        clock.Skip(TimeSpan.FromSeconds(200));
        (await gateway.PostAsync($"/v1/admissions/{renewed}/renew")).MustBe(200);
        clock.Skip(TimeSpan.FromSeconds(101));
        var (_, expired) = await api.Events.FirstAsync<ReservationExpired>(e => e.Pool.Value == "pool");
        Assert.Equal((forgotten, new Resources(150, 150_000, 1)), (expired.Request.Value, expired.Expired));
        (await gateway.PostAsync($"/v1/admissions/{forgotten}/renew")).MustRefuse(409, "reservation-ended");
        (await gateway.PostAsync($"/v1/admissions/{renewed}/renew")).MustBe(200);
        Assert.Equal(admitted.Body, (await gateway.AdmitAsync(forgotten)).MustBe(200).Body);
        clock.Skip(TimeSpan.FromHours(1));
        await api.Events.FirstAsync<EntitlementStateChanged>(e => e.To == EntitlementState.Expired);
        (await gateway.AdmitAsync(Guid.NewGuid())).MustRefuse(403, "entitlement-not-bound");
        // What was consumed is taken in all the same.
        (await gateway.UseAsync(renewed)).MustBe(202);
    }

    [Fact]
    public async Task Settles_and_shows_usage_over_the_bus_alone()
    {
        await using var api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("bus"), null, ("Followers:CatchUpInterval", "00:05:00"));
        await api.OpenPoolAsync("pool");
        var gateway = await api.EnterAsync("pool", "chat");
        // The first round after a start says nothing of what came before it, so the second is what the bus brings alone.
        for (var round = 0; round < 2; round++)
        {
            var request = Guid.NewGuid();
            (await gateway.AdmitAsync(request)).MustBe(201);
            var used = (await gateway.UseAsync(request, input: 90, output: 20)).MustBe(202);
            var (_, settled) = await api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == request);
            Assert.Equal((used.Position, new Resources(110, 110_000, 1), new Resources(40, 40_000, 0), default(Resources)), (settled.UsagePosition, settled.Settled, settled.Returned, settled.Excess));
            var report = (await api.Operator.GetAsync($"/v1/usage?atLeast={used.Position}")).MustBe(200);
            Assert.Equal((round + 1, 90L * (round + 1)), ((int)report.Json["rows"]![0]!["requests"]!, (long)report.Json["rows"]![0]!["inputTokens"]!));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Counts_the_refusals_that_it_does_not_list(int listed)
    {
        const int Refusals = 40;
        await using var api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("denials"), null, ("Admission:ListedDenialsPerSecond", $"{listed}"));
        await api.OpenPoolAsync("pool");
        var narrow = Bodies.Entitlement().But("baseline.sequences", "1");
        var (chat, code) = (await api.EnterAsync("pool", "chat", narrow), await api.EnterAsync("pool", "code", narrow.But("tenant", "\"globex\"")));
        foreach (var gateway in (ApiClient[])[chat, code]) (await gateway.AdmitAsync(Guid.NewGuid())).MustBe(201);
        var answers = await Task.WhenAll(Enumerable.Range(0, Refusals).Select(n => (n % 4 == 0 ? code : chat).AdmitAsync(Guid.NewGuid())));
        Assert.All(answers, answer => answer.MustRefuse(429, "concurrency-exceeded"));
        var singles = (await api.Events.AllAsync<RequestDenied>(_ => true)).Select(e => (e.Data.Entitlement, e.Data.Reason, Requests: 1L, e.Data.Tokens));
        var counted = (await api.Events.AllAsync<RequestsDenied>(_ => true)).SelectMany(e => e.Data.Counts).Select(e => (e.Entitlement, e.Reason, e.Requests, e.Tokens)).ToList();
        Assert.NotEmpty(counted);
        if (listed == 0) Assert.Empty(singles);
        Assert.Equal(
            [("chat", DenialReason.ConcurrencyExceeded, 30L, 4_500L), ("code", DenialReason.ConcurrencyExceeded, 10L, 1_500L)],
            singles.Concat(counted).GroupBy(e => (e.Entitlement, e.Reason)).Select(g => (g.Key.Entitlement.Value, g.Key.Reason, g.Sum(e => e.Requests), g.Sum(e => e.Tokens))).Order());
    }

    [Fact]
    public async Task Tells_callers_to_come_back_when_too_many_wait()
    {
        var connection = await postgres.CreateConnectionStringAsync("queue");
        await using var api = await ApiInstance.StartAsync(connection, null, ("Admission:QueueCapacity", "1"), ("Admission:SweepIntervalMs", "60000"));
        await api.OpenPoolAsync("pool");
        var gateway = await api.EnterAsync("pool", "chat", Bodies.Entitlement().But("baseline.sequences", "64"));
        List<Task<ApiAnswer>> calls;
        await using (var database = NpgsqlDataSource.Create(connection))
        await using (var blocking = await database.OpenConnectionAsync(Within.Patience()))
        await using (await blocking.BeginTransactionAsync(Within.Patience()))
        {
            await using var block = new NpgsqlCommand("lock table tokenledger.mt_streams in access exclusive mode", blocking);
            await block.ExecuteNonQueryAsync(Within.Patience());
            // Nothing can be recorded now, so whoever is answered was turned away.
            calls = [.. Enumerable.Range(0, 30).Select(_ => gateway.AdmitAsync(Guid.NewGuid()))];
            var refused = (await await Task.WhenAny(calls)).MustRefuse(503, "overloaded");
            Assert.Equal((1_000, "1"), (refused.Long("retryAfterMs"), refused.Header("Retry-After")));
        }
        var statuses = (await Task.WhenAll(calls)).Select(answer => answer.Status).ToList();
        Assert.All(statuses, status => Assert.True(status is 201 or 503, $"{status}"));
        Assert.Equal(statuses.Count(status => status == 201), (int)(await api.LookAsync("pool", "chat")).Pool["openReservations"]!);
    }
}
