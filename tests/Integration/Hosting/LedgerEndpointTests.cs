using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Tests.Integration.Hosting;

public sealed class LedgerEndpointTests : IAsyncLifetime
{
    private readonly MemoryLedger _ledger = new();
    private WebProcess _process = null!;

    public async ValueTask InitializeAsync()
    {
        _process = await WebProcess.StartAsync(_ledger, _ => { });
        await _ledger.AppendAsync("operators", 0, [Facts.KeyRevoked("k")], Within.Patience());
        await _ledger.AppendAsync("fleet-a", 0, Facts.Capacities(2_500), Within.Patience());
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    [Fact]
    public async Task Tells_the_head() => Assert.Equal("""{"position":2501}""", await GetAsync("/v1/ledger/head"));

    [Fact]
    public async Task Shows_an_event_as_it_was_recorded()
    {
        var recorded = (await _ledger.ReadAllAsync(0, 1, null, null, Within.Patience())).Events.Single();
        var page = JsonNode.Parse(await GetAsync("/v1/ledger/events?limit=1"))!;
        Assert.Equal((2501, 1), ((long)page["head"]!, (long)page["through"]!));
        var expected = JsonNode.Parse($$"""
            {"position":1,"stream":"operators","version":1,"id":"{{recorded.Id}}","type":"operator-key-revoked.v1","timestamp":"2026-03-01T12:00:00Z",
             "data":{"key":"k"},"correlationId":"correlation","causationId":"causation"}
            """);
        Assert.True(JsonNode.DeepEquals(expected, page["events"]![0]), page.ToJsonString());
    }

    [Theory]
    [InlineData("", 1, 100)]
    [InlineData("?limit=10000", 1, 2501)]
    [InlineData("?after=2400", 2401, 100)]
    [InlineData("?after=2500", 2501, 1)]
    [InlineData("?stream=fleet-a&limit=5", 2, 5)]
    [InlineData("?type=capacity-changed.v1&limit=5", 2, 5)]
    [InlineData("?stream=operators", 1, 1)]
    public async Task Shows_the_page_that_was_asked_for(string query, long first, int count)
    {
        var page = JsonSerializer.Deserialize(await GetAsync("/v1/ledger/events" + query), HttpJson.Default.LedgerEvents)!;
        Assert.Equal(Enumerable.Range(0, count).Select(n => first + n), page.Events.Select(e => e.Position));
    }

    [Theory]
    [InlineData("", 2501)]
    [InlineData("?limit=1500", 1500)]
    [InlineData("?after=2000", 501)]
    [InlineData("?type=operator-key-revoked.v1", 1)]
    [InlineData("?after=9000", 0)]
    public async Task Streams_lines_to_the_head_or_the_limit(string query, int count)
    {
        var text = await GetAsync("/v1/ledger/events" + query, EventLines.ContentType);
        var lines = text.Split('\n')[..^1];
        Assert.Equal(count, lines.Select(line => JsonSerializer.Deserialize(line, HttpJson.Default.EventView)!.Position).Distinct().Count());
        Assert.Equal(count, lines.Length);
    }

    [Theory]
    [InlineData("?after=-1", "after")]
    [InlineData("?after=x", "after")]
    [InlineData("?after=99999999999999999999", "after")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=10001", "limit")]
    [InlineData("?limit=1e3", "limit")]
    [InlineData("?limit=NaN", "limit")]
    [InlineData("?type=nothing.v1", "type")]
    public async Task Refuses_what_is_not_a_number_or_a_type_and_names_the_field(string query, string field)
    {
        using var response = await _process.Http.GetAsync(new Uri("/v1/ledger/events" + query, UriKind.Relative), Within.Patience());
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync(Within.Patience()))!;
        Assert.Equal("invalid-input", (string?)problem["reason"]);
        Assert.Equal([field], problem["errors"]!.AsObject().Select(error => error.Key));
    }

    private async Task<string> GetAsync(string path, string accept = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        using var response = await _process.Http.SendAsync(request, Within.Patience());
        response.EnsureSuccessStatusCode();
        Assert.Equal(accept, response.Content.Headers.ContentType!.MediaType);
        return await response.Content.ReadAsStringAsync(Within.Patience());
    }
}
