using System.Security.Cryptography;
using System.Text;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>What goes through the gateway is what goes directly: request and answer, to the byte.</summary>
public sealed class PassThroughTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private const string Chat = "/v1/chat/completions";
    private const string Usage = "{\"include_usage\":true,\"continuous_usage_stats\":true}";
    private readonly GatewaySite _site = fixture.Site;

    [Theory]
    [InlineData(Chat, """{ "model" : "llama","messages":[{"role":"user","content":"h\u00e9llo wörld one two"}],"max_tokens":5,  "future_field":{"a":[1,2.50e3]} }""")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"what is the weather"}],"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}}}}}]}""")]
    [InlineData("/v1/completions", """{"model":"llama","prompt":"one two three","max_tokens":7}""")]
    [InlineData("/v1/embeddings", """{"model":"llama","input":["one two","three"]}""")]
    [InlineData("/v1/responses", """{"model":"llama","input":"one two","max_output_tokens":9}""")]
    [InlineData("/v1/messages", """{"model":"llama","messages":[{"role":"user","content":"one two"}],"max_tokens":4}""")]
    [InlineData("/v1/responses", """{"model":"llama","input":"one two three","max_output_tokens":9,"stream":true}""")]
    [InlineData("/v1/messages", """{"model":"llama","messages":[{"role":"user","content":"one two three"}],"max_tokens":4,"stream":true}""")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"a stream"}],"max_tokens":5,"stream":true,"stream_options":""" + Usage + "}")]
    public async Task Leaves_requests_and_answers_as_they_are(string path, string body)
    {
        await _site.DirectAsync(0, path, body);
        var direct = (await _site.DirectAsync(0, path, body)).MustBe(200);
        var through = (await _site.PostAsync(path, body)).MustBe(200);
        Assert.Equal(direct.Text, through.Text);
        Assert.Equal(direct.Headers["Content-Type"], through.Headers["Content-Type"]);
        Assert.Equal(Sha256(body), _site.Produced(through.Request).BodySha256);
        await AccountedAsync(through);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"b stream"}],"max_tokens":5,"stream":true}""", """{"stream_options":""" + Usage + """,REST""")]
    [InlineData("""{"stream":true,"stream_options":null,"messages":[{"role":"user","content":"c stream"}]}""", """{"stream":true,"stream_options":""" + Usage + ""","messages":[{"role":"user","content":"c stream"}]}""")]
    [InlineData("""{"stream":true,"stream_options":{"include_usage":true, "x":[1, 2]},"messages":[{"role":"user","content":"d stream"}]}""",
        """{"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true,"x":[1, 2]},"messages":[{"role":"user","content":"d stream"}]}""")]
    [InlineData("""{"stream":true,"messages":[{"role":"user","content":"the weather"}],"tools":[{"type":"function","function":{"name":"weather","parameters":{"properties":{"city":{}}}}}]}""", """{"stream_options":""" + Usage + """,REST""")]
    public async Task Asks_for_the_usage_of_a_stream_and_takes_it_out_again(string body, string expected)
    {
        await _site.DirectAsync(0, Chat, body);
        var direct = (await _site.DirectAsync(0, Chat, body)).MustBe(200);
        var through = (await _site.PostAsync(Chat, body)).MustBe(200);
        Assert.Equal(direct.Text, through.Text);
        Assert.Equal(Sha256(expected.Replace("REST", body[1..], StringComparison.Ordinal)), _site.Produced(through.Request).BodySha256);
        await AccountedAsync(through);
    }

    [Fact]
    public async Task Passes_the_answer_of_a_server_that_refuses()
    {
        const string body = """{"messages":[],"max_tokens":5}""";
        var direct = await _site.DirectAsync(0, Chat, body);
        var through = (await _site.PostAsync(Chat, body)).MustBe(400);
        Assert.Equal(direct.Text, through.Text);
        await _site.Api.Events.FirstAsync<ReservationReleased>(e => e.Request == through.Request);
    }

    [Fact]
    public async Task Tells_the_position_of_the_admission_and_the_limits()
    {
        var answer = (await _site.PostAsync(Chat, """{"messages":[{"role":"user","content":"hello"}],"max_tokens":2}""")).MustBe(200);
        var (position, admitted) = await _site.Api.Events.FirstAsync<RequestAdmitted>(e => e.Request == answer.Request);
        Assert.Equal(((string)position.ToString(System.Globalization.CultureInfo.InvariantCulture), 2), (answer.Headers["x-tokenledger-position"], admitted.MaxOutputTokens));
        foreach (var family in (string[])["requests", "tokens"])
            foreach (var kind in (string[])["limit", "remaining", "reset"]) Assert.NotEmpty(answer.Headers[$"x-ratelimit-{kind}-{family}"]);
        Assert.Equal(("100", true), (answer.Headers["x-ratelimit-limit-requests"], answer.Headers.ContainsKey("RateLimit-Policy")));
    }

    /// <summary>The last word of a stream comes when its usage is in the ledger, so whoever has heard it can ask.</summary>
    [Fact]
    public async Task Has_the_usage_in_the_ledger_when_the_answer_ends()
    {
        foreach (var stream in (string[])["true", "false"])
        {
            var answer = (await _site.PostAsync(Chat, $$"""{"messages":[{"role":"user","content":"hello"}],"max_tokens":2,"stream":{{stream}}}""")).MustBe(200);
            Assert.Single(await _site.Api.Events.AllAsync<TokensConsumed>(e => e.Request == answer.Request));
        }
    }

    private async Task AccountedAsync(RawAnswer answer)
    {
        var (used, produced) = (await _site.UsedAsync(answer.Request), _site.Produced(answer.Request));
        Assert.Equal((produced.PromptTokens, produced.CachedTokens, produced.OutputTokens, Outcome.Completed), ((int)used.InputTokens, (int)used.CachedInputTokens, (int)used.OutputTokens, used.Outcome));
        await _site.NothingHeldAsync();
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
