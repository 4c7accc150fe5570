using System.Globalization;
using System.Text.Json.Nodes;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>What auditors read.</summary>
public sealed class LedgerApiTests(LedgerApiTests.SomeEvents fixture) : IClassFixture<LedgerApiTests.SomeEvents>
{
    private readonly ApiInstance _api = fixture.Api;

    [Fact]
    public async Task Has_dense_positions_to_the_head_and_dense_versions_in_every_stream()
    {
        var events = await AllAsync("");
        Assert.Equal(Enumerable.Range(1, events.Count).Select(n => (long)n), events.Select(e => (long)e["position"]!));
        Assert.Equal(events.Count, (await _api.Operator.GetAsync("/v1/ledger/head")).MustBe(200).Long("position"));
        foreach (var stream in events.GroupBy(e => (string)e["stream"]!))
        {
            Assert.Equal(Enumerable.Range(1, stream.Count()).Select(n => (long)n), stream.Select(e => (long)e["version"]!));
            var times = stream.Select(e => DateTimeOffset.Parse((string)e["timestamp"]!, CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(times.Order(), times);
        }
        Assert.Equal(events.Count, events.Select(e => (string)e["id"]!).Distinct().Count());
        Assert.All(events, e => Assert.EndsWith("Z", (string)e["timestamp"]!, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("stream=pool-a")]
    [InlineData("stream=usage-a")]
    [InlineData("stream=operators")]
    [InlineData("type=request-admitted.v1")]
    [InlineData("type=tokens-consumed.v1&stream=usage-b")]
    [InlineData("stream=none")]
    public async Task Filters_by_stream_and_type(string filter)
    {
        var wanted = filter.Split('&').Select(part => part.Split('=')).ToDictionary(part => part[0], part => part[1]);
        var expected = (await AllAsync("")).Where(e => wanted.All(field => (string?)e[field.Key] == field.Value)).Select(e => e.ToJsonString()).ToList();
        if (filter != "stream=none") Assert.NotEmpty(expected);
        Assert.Equal(expected, (await AllAsync("&" + filter)).Select(e => e.ToJsonString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("&stream=pool-a")]
    [InlineData("&type=request-admitted.v1")]
    public async Task Says_the_same_line_by_line(string filter)
    {
        var json = await AllAsync(filter);
        var lines = (await _api.Operator.GetAsync($"/v1/ledger/events?after=0{filter}", "application/x-ndjson")).MustBe(200);
        Assert.Equal("application/x-ndjson", lines.Header("Content-Type"));
        Assert.EndsWith("\n", lines.Body, StringComparison.Ordinal);
        Assert.Equal(json.Select(e => e.ToJsonString()), lines.Body[..^1].Split('\n').Select(line => JsonNode.Parse(line)!.ToJsonString()));
    }

    [Fact]
    public async Task Ties_the_events_of_a_request_together()
    {
        var events = (await AllAsync("")).Where(e => (string?)e["correlationId"] == fixture.Request.ToString()).Select(e => (string)e["type"]!).ToList();
        Assert.Equal(["request-admitted.v1", "prefill-released.v1", "tokens-consumed.v1", "reservation-settled.v1"], events);
    }

    /// <summary>Reads to the end in small pages.</summary>
    private async Task<List<JsonNode>> AllAsync(string filter)
    {
        List<JsonNode> events = [];
        for (long after = 0, head = 1; after < head;)
        {
            var page = (await _api.Operator.GetAsync($"/v1/ledger/events?limit=5&after={after}{filter}")).MustBe(200).Json;
            events.AddRange(page["events"]!.AsArray().Select(e => e!));
            (after, head) = ((long)page["through"]!, (long)page["head"]!);
        }
        return events;
    }

    public sealed class SomeEvents(PostgresServer postgres) : ApiFixture(postgres)
    {
        internal Guid Request { get; } = Guid.NewGuid();

        internal override async Task SetUpAsync()
        {
            await Api.AsRoleAsync("auditor");
            foreach (var pool in (string[])["a", "b"])
            {
                await Api.OpenPoolAsync(pool);
                var gateway = await Api.EnterAsync(pool, "chat");
                for (var n = 0; n < 5; n++) await ServeAsync(gateway, n == 0 && pool == "a" ? Request : Guid.NewGuid());
            }
        }

        private async Task ServeAsync(ApiClient gateway, Guid request)
        {
            (await gateway.AdmitAsync(request)).MustBe(201);
            (await gateway.PostAsync($"/v1/admissions/{request}/first-token")).MustBe(200);
            (await gateway.UseAsync(request)).MustBe(202);
            await Api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == request);
        }
    }
}
