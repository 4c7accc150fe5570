using System.Text.Json.Nodes;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Usage on its way in, and what it settles.</summary>
public sealed class UsageIntakeTests(UsageIntakeTests.OnePool fixture) : IClassFixture<UsageIntakeTests.OnePool>
{
    private readonly ApiInstance _api = fixture.Api;
    private readonly ApiClient _gateway = fixture.Gateway;

    [Fact]
    public async Task Records_a_repeated_event_once()
    {
        var request = Guid.NewGuid();
        var usage = Bodies.Usage(request);
        (await _gateway.AdmitAsync(request)).MustBe(201);
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => _gateway.PostUsageAsync(usage)));
        Assert.All(answers, answer => Assert.True((bool)answer.MustBe(202).Json["admitted"]!));
        Assert.Single(answers, answer => !(bool)answer.Json["duplicate"]!);
        Assert.Equal(Assert.Single(await ConsumedAsync(request)).Position, Assert.Single(answers.Select(answer => answer.Position).Distinct()));
        await _api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == request);
    }

    [Fact]
    public async Task Answers_each_event_of_a_batch_for_itself()
    {
        var (known, unknown) = (Guid.NewGuid(), Guid.NewGuid());
        (await _gateway.AdmitAsync(known)).MustBe(201);
        JsonObject Good(Guid request, string id) => Bodies.Usage(request, id: $"{known}-{id}");
        var batch = new JsonArray(
            Good(known, "a"), Good(known, "a"), Good(known, "a").But("data.inputTokens", "7"), Good(unknown, "b"),
            Good(known, "c").But("data.outputTokens", "-1"), Good(known, "d").Without("subject"), 7, Good(fixture.Foreign, "e"));
        var answer = (await _gateway.PostUsageAsync(batch)).MustBe(202);
        Assert.Equal((3, 5), (answer.Long("accepted"), answer.Long("rejected")));
        Assert.Equal(
            ["202 false true", "202 true true", "409 event-id-reused", "202 false false", "400 data.outputTokens", "400 subject", "400 body", "403 foreign-request"],
            answer.Json["results"]!.AsArray().Select(Describe!));
        Assert.Equal($"{known}-c", (string?)answer.Json["results"]![4]!["id"]);
        Assert.Equal(2, (await _api.Events.AllAsync<TokensConsumed>(e => e.EventId.StartsWith($"{known}-", StringComparison.Ordinal))).Count);
    }

    [Fact]
    public async Task Knows_a_repeat_again_when_it_had_stopped_looking_for_repeats()
    {
        var (mine, other) = (Bodies.Usage(Guid.NewGuid()), Bodies.Usage(fixture.Foreign));
        var first = (await _gateway.PostUsageAsync(mine)).MustBe(202);
        // More batches than are looked up after a start.
        for (var i = 0; i < 110; i++) (await _gateway.UseAsync(Guid.NewGuid())).MustBe(202);
        (await _gateway.PostUsageAsync(other)).MustRefuse(403, "foreign-request");
        var again = (await _gateway.PostUsageAsync(mine)).MustBe(202);
        Assert.Equal((true, first.Position), ((bool)again.Json["duplicate"]!, again.Position));
        (await _gateway.PostUsageAsync(mine.But("data.inputTokens", "7"))).MustRefuse(409, "event-id-reused");
    }

    private static string Describe(JsonNode result) => (int)result["status"]! switch
    {
        202 => $"202 {result["duplicate"]} {result["admitted"]}",
        400 => $"400 {result["errors"]!.AsObject().Single().Key}",
        var status => $"{status} {result["reason"]}",
    };

    [Fact]
    public async Task Keeps_and_flags_usage_that_nothing_was_admitted_for()
    {
        var request = Guid.NewGuid();
        var answer = (await _gateway.UseAsync(request)).MustBe(202);
        Assert.False((bool)answer.Json["admitted"]!);
        var consumed = Assert.Single(await ConsumedAsync(request)).Data;
        Assert.Equal((false, "pool", "chat", "acme", "llama"), (consumed.Admitted, consumed.Pool?.Value, consumed.Entitlement?.Value, consumed.Tenant?.Value, consumed.Model));
    }

    [Fact]
    public async Task Settles_an_admission_that_comes_after_its_usage()
    {
        var request = Guid.NewGuid();
        var used = (await _gateway.UseAsync(request, input: 100, output: 10)).MustBe(202);
        await _api.Events.FirstAsync<SettlementDeferred>(e => e.Request.Value == request && e.UsagePosition == used.Position);
        var admitted = (await _gateway.AdmitAsync(request)).MustBe(201);
        var (position, settled) = Assert.Single(await _api.Events.AllAsync<ReservationSettled>(e => e.Request.Value == request));
        Assert.Equal((admitted.Position + 1, used.Position, 110), (position, settled.UsagePosition, settled.Settled.Tokens));
        (await _gateway.PostAsync($"/v1/admissions/{request}/renew")).MustRefuse(409, "reservation-ended");
        Assert.Equal(admitted.Body, (await _gateway.AdmitAsync(request)).MustBe(200).Body);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Takes_usage_from_a_gateways_operator_key(bool namesThePool)
    {
        var gateway = await _api.AsRoleAsync("gateway");
        var request = Guid.NewGuid();
        (await _gateway.AdmitAsync(request)).MustBe(201);
        var usage = Bodies.Usage(request);
        if (namesThePool) usage = usage.But("data.pool", "\"pool\"");
        Assert.True((bool)(await gateway.PostUsageAsync(usage)).MustBe(202).Json["admitted"]!);
        await _api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == request);
        Assert.Equal("acme", Assert.Single(await ConsumedAsync(request)).Data.Tenant?.Value);
    }

    [Fact]
    public async Task Keeps_usage_whose_pool_nobody_can_tell()
    {
        var request = Guid.NewGuid();
        var used = (await (await _api.AsRoleAsync("gateway")).UseAsync(request)).MustBe(202);
        Assert.False((bool)used.Json["admitted"]!);
        var page = (await _api.Operator.GetAsync($"/v1/ledger/events?after={used.Position - 1}&limit=1")).Json["events"]![0]!;
        Assert.Equal(("usage", null), ((string?)page["stream"], page["data"]!["pool"]));
        // It still settles the admission, whichever pool that comes to.
        await _api.Events.FirstAsync<SettlementDeferred>(e => e.Request.Value == request);
        (await _gateway.AdmitAsync(request)).MustBe(201);
        Assert.Single(await _api.Events.AllAsync<ReservationSettled>(e => e.Request.Value == request));
    }

    [Fact]
    public async Task Charges_what_goes_beyond_the_reservation()
    {
        var request = Guid.NewGuid();
        (await _gateway.AdmitAsync(request)).MustBe(201);
        (await _gateway.UseAsync(request, input: 100, output: 500)).MustBe(202);
        var (_, settled) = await _api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == request);
        Assert.Equal((new Resources(150, 150_000, 1), default, new Resources(450, 450_000, 0)), (settled.Settled, settled.Returned, settled.Excess));
    }

    [Theory]
    [InlineData("aborted")]
    [InlineData("failed")]
    public async Task Settles_a_request_that_did_not_complete_by_what_it_used(string outcome)
    {
        var request = Guid.NewGuid();
        (await _gateway.AdmitAsync(request)).MustBe(201);
        (await _gateway.PostUsageAsync(Bodies.Usage(request, output: 0).But("data.outcome", $"\"{outcome}\""))).MustBe(202);
        var (_, settled) = await _api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == request);
        Assert.Equal((100, 50), (settled.Settled.Tokens, settled.Returned.Tokens));
        Assert.Equal(outcome, Assert.Single(await ConsumedAsync(request)).Data.Outcome.ToString().ToLowerInvariant());
    }

    [Theory]
    [InlineData("application/cloudevents+json; charset=utf-8")]
    [InlineData("Application/CloudEvents+JSON")]
    public async Task Reads_a_content_type_however_it_is_written(string contentType) =>
        (await _gateway.SendAsync(HttpMethod.Post, "/v1/usage", Bodies.Usage(Guid.NewGuid()).With("comexampleextension", "\"kept by nobody\""), contentType)).MustBe(202);

    private Task<IReadOnlyList<(long Position, TokensConsumed Data)>> ConsumedAsync(Guid request) => _api.Events.AllAsync<TokensConsumed>(e => e.Request.Value == request);

    /// <summary>A pool with two entitlements, and a request of the other one.</summary>
    public sealed class OnePool(PostgresServer postgres) : ApiFixture(postgres)
    {
        internal ApiClient Gateway { get; private set; } = null!;
        internal Guid Foreign { get; } = Guid.NewGuid();

        internal override async Task SetUpAsync()
        {
            await Api.OpenPoolAsync("pool");
            Gateway = await Api.EnterAsync("pool", "chat", Bodies.Entitlement().But("baseline.sequences", "64"));
            (await (await Api.EnterAsync("pool", "other", Bodies.Entitlement("elastic", "globex"))).AdmitAsync(Foreign)).MustBe(201);
        }
    }
}
