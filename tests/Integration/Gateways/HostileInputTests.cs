using System.Globalization;
using System.Net.Sockets;
using System.Text;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>What clients and servers should not send.</summary>
public sealed class HostileInputTests(HostileInputTests.Site site) : IClassFixture<HostileInputTests.Site>
{
    private const string Chat = "/v1/chat/completions";

    /// <summary>The log here holds every line at every level, the web server's own among them; it names the addresses, and none of the keys that stood in them.</summary>
    [Theory]
    [InlineData("POST", Chat + "?key={0}", 400)]
    [InlineData("POST", Chat + "?api_key={0}&a=b", 400)]
    [InlineData("POST", Chat + "?anything={0}", 400)]
    [InlineData("POST", "/v1/completions?access_token={0}", 400)]
    [InlineData("POST", "/v1/embeddings?Token={0}", 400)]
    [InlineData("POST", "/v1/responses?x-api-key={0}", 400)]
    [InlineData("POST", "/v1/messages?anything={1}", 400)]
    [InlineData("POST", Chat + "/{0}", 404)]
    [InlineData("GET", "/v1/models?api-key={0}", 400)]
    [InlineData("GET", "/v1/models/{0}", 400)]
    [InlineData("GET", "/v1/models/{1}/more", 400)]
    [InlineData("GET", "/{0}/v1/models?b={0}", 404)]
    [InlineData("GET", "/v1 /models?key={0}", 400)]
    [InlineData("GET", "/v1/models?key=foreign-{2}", 400)]
    public async Task Refuses_a_key_in_the_address_and_logs_it_nowhere(string method, string target, int status)
    {
        var secret = Guid.NewGuid().ToString("N");
        var written = string.Format(CultureInfo.InvariantCulture, target, "tli_0123_" + secret, "tli%5F0123%5f" + secret, secret);
        var before = site.Gateway.Api.Log.Lines.Count;
        var answer = await RawAsync($"{method} {written} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {site.Gateway.Key}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
        Assert.StartsWith($"HTTP/1.1 {status}", answer, StringComparison.Ordinal);
        if (status == 400 && !written.Contains(' ', StringComparison.Ordinal)) Assert.Contains("key-in-address", answer, StringComparison.Ordinal);
        await site.Gateway.Api.Events.UntilAsync(() => Task.FromResult(site.Gateway.Api.Log.Lines.Skip(before).Any(line => line.Contains("(key)", StringComparison.Ordinal) || line.Contains("that holds a key", StringComparison.Ordinal))));
        Assert.DoesNotContain(site.Gateway.Api.Log.Lines, line => line.Contains(secret, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("""{"messages":[""")]
    [InlineData("""[1]""")]
    [InlineData("""{"model":"llama","model":"other"}""")]
    [InlineData("""{"stream":true,"stream":false}""")]
    [InlineData("""{"stream":"yes"}""")]
    [InlineData("""{"max_tokens":-1}""")]
    [InlineData("""{"max_tokens":1e99}""")]
    [InlineData("""{"n":100000000,"max_tokens":100000000}""")]
    [InlineData("""{"messages":[]} {"messages":[]}""")]
    public async Task Refuses_a_body_that_can_be_read_in_two_ways_or_in_none(string body)
    {
        var head = await site.Gateway.Api.Events.HeadAsync();
        Assert.Equal("invalid-input", (string?)(await site.Gateway.PostAsync(Chat, body)).MustBe(400).Json["error"]!["code"]);
        Assert.Empty(await site.Gateway.Api.Events.AllAsync<RequestAdmitted>(_ => true, head));
    }

    [Fact]
    public async Task Refuses_what_is_not_UTF8() =>
        Assert.Equal("invalid-input", (string?)(await site.Gateway.SendAsync(new(site.Gateway.Api.Address + Chat), [.. "{\"messages\":\""u8, 0xC3, 0x28, .. "\"}"u8], site.Gateway.Key)).MustBe(400).Json["error"]!["code"]);

    /// <summary>A hundred megabytes are announced, and refused before they are sent.</summary>
    [Theory]
    [InlineData("Content-Length: 104857600\r\n", "413")]
    [InlineData("Content-Length: 5\r\nContent-Length: 6\r\n", "400")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n", "400")]
    [InlineData("X-Bad: a\rb\r\n", "400")]
    public async Task Refuses_shapes_of_smuggling_and_bodies_past_the_bound(string headers, string status) =>
        Assert.StartsWith($"HTTP/1.1 {status}", await RawAsync($"POST {Chat} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {site.Gateway.Key}\r\n{headers}\r\n"), StringComparison.Ordinal);

    [Fact]
    public async Task Refuses_a_flood_of_headers() =>
        Assert.StartsWith("HTTP/1.1 431", await RawAsync($"POST {Chat} HTTP/1.1\r\nHost: gateway\r\n{string.Concat(Enumerable.Range(0, 200).Select(i => $"x-flood-{i}: 1\r\n"))}\r\n"), StringComparison.Ordinal);

    /// <summary>A body that comes drop by drop is not waited for for ever: the web server's own bound on its rate.</summary>
    [Fact]
    public async Task Does_not_wait_for_a_body_that_hardly_comes() =>
        Assert.Contains("408", await RawAsync($"POST {Chat} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {site.Gateway.Key}\r\nContent-Length: 1000\r\n\r\n{{"), StringComparison.Ordinal);

    [Theory]
    [InlineData("/v1/chat/completions/../../metrics")]
    [InlineData("/v1/chat/completions/..%2f..%2fmetrics")]
    [InlineData("/v1//chat/completions")]
    [InlineData("/v1/chat/completions%00")]
    [InlineData("http://127.0.0.1:1/v1/chat/completions/x")]
    public async Task Serves_no_other_path(string target)
    {
        site.Canned.Answer = "data: [DONE]\n\n"u8.ToArray();
        var answer = await RawAsync($"POST {target} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {site.Gateway.Key}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
        Assert.Matches("^HTTP/1.1 4", answer);
    }

    /// <summary>Whatever a server sends is data: lines that look like other events, comments, other line ends, broken JSON, an event too long to look into.</summary>
    [Theory]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"\\n\\ndata: [DONE]\\r\\n\\r\\nevent: x\"}}]}\n\ndata: [DONE]\n\n")]
    [InlineData(": ping\r\n\r\nid: 1\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\ndata: [DONE]\r\n\r\n")]
    [InlineData("data: {\"choices\":\n\ndata: not json\n\ndata: {\"usage\":5}\n\ndata: [DONE]\n\n")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\ndata: {}\n\ndata:[DONE]\n\ntail without an end")]
    [InlineData("\n\n\n\ndata: [DONE]\n\n")]
    [InlineData("LONG")]
    public async Task Passes_what_a_server_sends_as_it_is(string text)
    {
        if (text == "LONG") text = $"data: {{\"choices\":[{{\"delta\":{{\"content\":\"{new string('a', 20_000)}\"}}}}]}}\n\ndata: [DONE]\n\n";
        (site.Canned.Answer, site.Canned.ContentType) = (Encoding.UTF8.GetBytes(text), "text/event-stream");
        var answer = (await site.Gateway.PostAsync(Chat, """{"messages":[{"role":"user","content":"hello"}],"max_tokens":5,"stream":true,"stream_options":{"include_usage":true}}""")).MustBe(200);
        Assert.Equal(text, answer.Text);
        await site.Gateway.UsedAsync(answer.Request);
    }

    [Theory]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n", "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n")]
    [InlineData("data: {\"usage\":{\"prompt_tokens\":3} , \"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", "data: { \"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n")]
    [InlineData("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n", "")]
    public async Task Takes_the_usage_out_and_nothing_else(string sent, string received)
    {
        (site.Canned.Answer, site.Canned.ContentType) = (Encoding.UTF8.GetBytes(sent + "data: [DONE]\n\n"), "text/event-stream");
        var answer = (await site.Gateway.PostAsync(Chat, """{"messages":[{"role":"user","content":"hello"}],"max_tokens":5,"stream":true}""")).MustBe(200);
        Assert.Equal(received + "data: [DONE]\n\n", answer.Text);
    }

    /// <summary>Numbers that no server can mean are not billed; what can be is.</summary>
    [Fact]
    public async Task Bills_no_impossible_usage()
    {
        (site.Canned.Answer, site.Canned.ContentType) = ("{\"usage\":{\"prompt_tokens\":-5,\"completion_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":999999999999}}}"u8.ToArray(), "application/json");
        var answer = (await site.Gateway.PostAsync(Chat, """{"messages":[{"role":"user","content":"hello"}],"max_tokens":5}""")).MustBe(200);
        var used = await site.Gateway.UsedAsync(answer.Request);
        Assert.Equal((7, 0, Outcome.Completed), (used.OutputTokens, used.CachedInputTokens, used.Outcome));
        Assert.InRange(used.InputTokens, 1, 100);
    }

    [Fact]
    public async Task Keeps_keys_from_servers_and_passes_the_other_headers_on()
    {
        (site.Canned.Answer, site.Canned.ContentType) = ("{}"u8.ToArray(), "application/json");
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, site.Gateway.Api.Address + Chat + "?api-version=7") { Content = new StringContent("{}") };
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {site.Gateway.Key}");
        request.Headers.TryAddWithoutValidation("x-request-id", "mine");
        request.Headers.TryAddWithoutValidation("OpenAI-Organization", "org");
        using var response = await http.SendAsync(request, Within.Patience());
        Assert.Equal(("org", Chat + "?api-version=7"), (site.Canned.Headers["OpenAI-Organization"], site.Canned.Target));
        Assert.Equal(response.Headers.GetValues("x-request-id").Single(), site.Canned.Headers["x-request-id"]);
        Assert.DoesNotContain(site.Canned.Headers, header => header.Value.Contains(site.Gateway.Key, StringComparison.Ordinal));
    }

    private async Task<string> RawAsync(string request)
    {
        using var tcp = new TcpClient();
        var address = new Uri(site.Gateway.Api.Address);
        await tcp.ConnectAsync(address.Host, address.Port, Within.Patience());
        await using var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), Within.Patience());
        var buffer = new byte[4_096];
        var read = await stream.ReadAtLeastAsync(buffer, request.Contains("Connection: close", StringComparison.Ordinal) ? buffer.Length : 12, throwOnEndOfStream: false, Within.Patience());
        return Encoding.Latin1.GetString(buffer, 0, read);
    }

    /// <summary>A gateway in front of a server that sends whatever a test wants.</summary>
    public sealed class Site(PostgresServer postgres) : IAsyncLifetime
    {
        internal GatewaySite Gateway { get; private set; } = null!;
        internal CannedUpstream Canned { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Canned = await CannedUpstream.StartAsync();
            Gateway = await GatewaySite.StartAsync(postgres, [], [.. GatewaySite.Upstreams([Canned.Address]), ("Gateway:MaxEventBytes", "8192"), ("Gateway:AbortPath", "")]);
        }

        public async ValueTask DisposeAsync()
        {
            await Gateway.DisposeAsync();
            await Canned.DisposeAsync();
        }
    }
}
