using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Interim reports of long streams, and what becomes of a stream whose end nobody tells.</summary>
public sealed class StreamTests(StreamTests.OnePool fixture) : IClassFixture<StreamTests.OnePool>
{
    private readonly ApiInstance _api = fixture.Api;
    private readonly ApiClient _gateway = fixture.Gateway;

    [Fact]
    public async Task Records_an_interim_report_once_and_bills_nothing_by_it()
    {
        var request = await AdmitAsync();
        var report = Bodies.Streamed(request);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _gateway.PostUsageAsync(report)));
        Assert.Single(answers, answer => !(bool)answer.MustBe(202).Json["duplicate"]!);
        Assert.All(answers, answer => Assert.True((bool)answer.Json["admitted"]!));
        (await _gateway.PostUsageAsync(report.But("data.outputTokens", "21"))).MustRefuse(409, "event-id-reused");
        // An id is good for one event, whatever its type.
        (await _gateway.PostUsageAsync(Bodies.Usage(request, id: (string)report["id"]!))).MustRefuse(409, "event-id-reused");
        Assert.Equal(20, Assert.Single(await _api.Events.AllAsync<TokensStreamed>(e => e.Request.Value == request)).Data.OutputTokens);
        Assert.Empty(await EntriesAsync(request));
    }

    [Fact]
    public async Task Takes_interim_reports_and_ends_in_one_batch()
    {
        var (first, second) = (await AdmitAsync(), await AdmitAsync());
        var answer = (await _gateway.PostUsageAsync(new JsonArray(
            Bodies.Streamed(first), Bodies.Usage(second), Bodies.Usage(first, output: 30), Bodies.Streamed(second).But("data.outcome", "\"completed\"")))).MustBe(202);
        Assert.Equal((3, 1, "data.outcome"), (answer.Long("accepted"), answer.Long("rejected"), answer.Json["results"]![3]!["errors"]!.AsObject().Single().Key));
        await ExpireAsync(first);
        Assert.Equal(["100 30"], (await EntriesAsync(first)).Select(Tokens));
    }

    [Fact]
    public async Task Bills_a_lost_end_up_to_the_last_report_in_whatever_order_they_came()
    {
        var request = await AdmitAsync();
        foreach (var output in (long[])[20, 45, 30]) (await _gateway.PostUsageAsync(Bodies.Streamed(request, output: output))).MustBe(202);
        await ExpireAsync(request);
        var (_, lost) = await LostAsync(request);
        Assert.Equal((true, true, Outcome.Aborted, 100, 45, "acme", "chat"), (lost.EndLost, lost.Admitted, lost.Outcome, lost.InputTokens, lost.OutputTokens, lost.Tenant?.Value, lost.Entitlement?.Value));
        var entry = Assert.Single(await EntriesAsync(request));
        Assert.Equal(("100 45", true, "tokenledger:lease-expired"), (Tokens(entry), (bool)entry["endLost"]!, (string?)entry["source"]));
    }

    [Fact]
    public async Task Bills_no_lost_end_where_nothing_was_reported_or_the_end_was()
    {
        var (silent, ended, marker) = (await AdmitAsync(), await AdmitAsync(), await AdmitAsync());
        (await _gateway.PostUsageAsync(Bodies.Streamed(ended))).MustBe(202);
        (await _gateway.UseAsync(ended)).MustBe(202);
        (await _gateway.PostUsageAsync(Bodies.Streamed(ended, output: 70))).MustBe(202);
        (await _gateway.PostUsageAsync(Bodies.Streamed(marker))).MustBe(202);
        await ExpireAsync(silent);
        await ExpireAsync(marker);
        await LostAsync(marker);
        Assert.Empty(await EntriesAsync(silent));
        Assert.Equal(["100 50"], (await EntriesAsync(ended)).Select(Tokens));
    }

    /// <summary>Also when the lease runs out before the end has reached the pool: who bills lost ends looks here.</summary>
    [Fact]
    public async Task Knows_which_streams_have_ended()
    {
        var (running, ended, late) = (await AdmitAsync(), await AdmitAsync(), await AdmitAsync());
        foreach (var request in (Guid[])[running, ended]) (await _gateway.PostUsageAsync(Bodies.Streamed(request))).MustBe(202);
        // Of this one the view hears report and end at once.
        (await _gateway.PostUsageAsync(new JsonArray(Bodies.Streamed(late), Bodies.Usage(late)))).MustBe(202);
        (await _gateway.UseAsync(ended)).MustBe(202);
        await _api.Follower("metering-usage").WaitForAsync(await _api.Events.HeadAsync(), Hosting.Within.Patience());
        await using var command = _api.Service<NpgsqlDataSource>().CreateCommand("select request_id from usage_streams where ended and request_id = any ($1)");
        command.Parameters.Add(new() { Value = new[] { running, ended, late } });
        HashSet<Guid> found = [];
        await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await row.ReadAsync(TestContext.Current.CancellationToken)) found.Add(row.GetGuid(0));
        Assert.Equal([ended, late], found);
    }

    [Fact]
    public async Task Takes_a_lost_end_back_when_the_true_one_comes()
    {
        var request = await AdmitAsync();
        (await _gateway.PostUsageAsync(Bodies.Streamed(request))).MustBe(202);
        await ExpireAsync(request);
        var (lost, _) = await LostAsync(request);
        (await _gateway.PostUsageAsync(Bodies.Streamed(request, output: 35))).MustBe(202);
        var usage = Bodies.Usage(request, output: 60);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _gateway.PostUsageAsync(usage)));
        var position = Assert.Single(answers.Select(answer => answer.MustBe(202).Position).Distinct());

        var entries = await EntriesAsync(request);
        Assert.Equal(["100 20", "0 15", "100 60", "-100 -35"], entries.Select(Tokens));
        Assert.Equal((position + 1, lost, "tokenledger:lease-expired", "metering"), ((long)entries[3]["position"]!, (long)entries[3]["corrects"]!["position"]!, (string?)entries[3]["corrects"]!["source"], (string?)entries[3]["corrects"]!["author"]));
        // Neither a second end nor a report that comes later takes it back again.
        (await _gateway.UseAsync(request, output: 1)).MustBe(202);
        (await _gateway.PostUsageAsync(Bodies.Streamed(request, output: 90))).MustBe(202);
        Assert.Equal(2, (await _api.Events.AllAsync<UsageCorrected>(e => e.Request.Value == request)).Count);
    }

    [Fact]
    public async Task Counts_a_lost_end_and_its_true_one_as_one_request()
    {
        var gateway = await _api.EnterAsync("pool", "counted", Bodies.Entitlement("elastic", "counted"));
        var request = Guid.NewGuid();
        (await gateway.AdmitAsync(request)).MustBe(201);
        (await gateway.PostUsageAsync(Bodies.Streamed(request))).MustBe(202);
        await ExpireAsync(request);
        await LostAsync(request);
        var used = (await gateway.PostUsageAsync(Bodies.Usage(request, output: 60).But("data.completedAt", "\"2026-01-01T00:30:00Z\""))).MustBe(202);
        foreach (var range in (string[])["", "&from=2020-01-01T00:00:00.5Z"])
        {
            var row = Assert.Single((await _api.Operator.GetAsync($"/v1/usage?tenant=counted{range}&atLeast={used.Position + 1}")).MustBe(200).Json["rows"]!.AsArray())!;
            Assert.Equal((1, 100, 60), ((long)row["requests"]!, (long)row["inputTokens"]!, (long)row["outputTokens"]!));
        }
    }

    [Fact]
    public async Task Lets_nobody_else_touch_a_lost_end()
    {
        var stranger = await _api.EnterAsync("elsewhere", "stranger", Bodies.Entitlement("elastic", "stranger"));
        var request = await AdmitAsync();
        (await _gateway.PostUsageAsync(Bodies.Streamed(request))).MustBe(202);
        Assert.False((bool)(await stranger.PostUsageAsync(Bodies.Streamed(request, output: 9_000))).MustBe(202).Json["admitted"]!);
        await ExpireAsync(request);
        Assert.Equal(20, (await LostAsync(request)).Data.OutputTokens);
        (await stranger.UseAsync(request)).MustBe(202);
        (await stranger.PostUsageAsync(Bodies.Streamed(request, output: 9_000))).MustBe(202);
        Assert.Empty(await _api.Events.AllAsync<UsageCorrected>(e => e.Request.Value == request));
    }

    private async Task<Guid> AdmitAsync()
    {
        var request = Guid.NewGuid();
        (await _gateway.AdmitAsync(request)).MustBe(201);
        return request;
    }

    /// <summary>Lets the lease run out, unless the request has ended, and returns when Metering has seen everything that follows from it.</summary>
    private async Task ExpireAsync(Guid request)
    {
        fixture.Clock.Skip(TimeSpan.FromMinutes(6));
        await _api.Events.UntilAsync(async () =>
            (await _api.Events.AllAsync<ReservationExpired>(e => e.Request.Value == request)).Count + (await _api.Events.AllAsync<ReservationSettled>(e => e.Request.Value == request)).Count > 0);
        await _api.Follower("metering-lost-ends").WaitForAsync(await _api.Events.HeadAsync(), Hosting.Within.Patience());
    }

    private Task<(long Position, TokensConsumed Data)> LostAsync(Guid request) => _api.Events.FirstAsync<TokensConsumed>(e => e.Request.Value == request && e.EndLost == true);

    private async Task<List<JsonNode>> EntriesAsync(Guid request)
    {
        var head = await _api.Events.HeadAsync();
        var entries = (await _api.Operator.GetAsync($"/v1/usage/events?limit=10000&atLeast={head.ToString(CultureInfo.InvariantCulture)}")).MustBe(200).Json["events"]!.AsArray();
        return [.. entries.Where(entry => (string?)entry!["requestId"] == request.ToString()).Select(entry => entry!)];
    }

    private static string Tokens(JsonNode entry) => $"{entry["inputTokens"]} {entry["outputTokens"]}";

    /// <summary>A pool whose leases the test lets run out.</summary>
    public sealed class OnePool(PostgresServer postgres) : IAsyncLifetime
    {
        internal ShiftedTime Clock { get; } = new();
        internal ApiInstance Api { get; private set; } = null!;
        internal ApiClient Gateway { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("streams"), Clock, ("Admission:SweepIntervalMs", "50"), ("Followers:CatchUpInterval", "00:00:00.050"));
            await Api.OpenPoolAsync("pool");
            await Api.OpenPoolAsync("elsewhere");
            Gateway = await Api.EnterAsync("pool", "chat", Bodies.Entitlement().But("baseline.sequences", "64"));
        }

        public ValueTask DisposeAsync() => Api.DisposeAsync();
    }
}
