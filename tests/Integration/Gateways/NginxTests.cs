using TokenLedger.Contracts;
using TokenLedger.Engine;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>nginx with the configuration of infra/nginx: admitted before, accounted for after, and nothing held in the end.</summary>
public sealed class NginxTests(NginxFixture fixture) : IClassFixture<NginxFixture>
{
    private const string Chat = "/v1/chat/completions";
    private const string Short = """{"messages":[{"role":"user","content":"tell me more"}],"max_tokens":20,"ignore_eos":true,"stream":true}""";
    private readonly NginxSite _site = fixture.Site;

    [Theory]
    [InlineData(Chat, Short)]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"tell me more"}],"max_tokens":20,"ignore_eos":true}""")]
    [InlineData(Chat, """ {"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"{\"usage\":{\"completion_tokens\":9}}"}],"max_tokens":20,"ignore_eos":true,"stream":true}""")]
    [InlineData("/v1/completions", """{"prompt":"tell me more","max_tokens":20,"ignore_eos":true,"stream":true}""")]
    [InlineData("/v1/embeddings", """{"input":"tell me more"}""")]
    [InlineData("/v1/responses", """{"input":"tell me more","max_output_tokens":20,"ignore_eos":true}""")]
    [InlineData("/v1/responses", """{"input":"tell me more","max_output_tokens":20,"ignore_eos":true,"stream":true}""")]
    public async Task Passes_a_granted_request_on_and_settles_what_it_used(string path, string body)
    {
        var answer = (await _site.PostAsync(path, body)).MustBe(200);
        var (used, produced) = (await _site.UsedAsync(answer.Request), await _site.ProducedAsync(answer.Request));
        Assert.Equal((Outcome.Completed, produced.PromptTokens, produced.OutputTokens), (used.Outcome, (int)used.InputTokens, (int)used.OutputTokens));
        Assert.Equal(path == "/v1/embeddings" ? 0 : 20, used.OutputTokens);
        var (position, admitted) = await _site.Services.Events.FirstAsync<RequestAdmitted>(e => e.Request == answer.Request);
        Assert.Equal(((body.Length + 3) / 4, path == "/v1/embeddings" ? 0 : 20), (admitted.InputTokens, admitted.MaxOutputTokens));
        Assert.Equal($"{position}", answer.Headers["x-tokenledger-position"]);
        Assert.NotEmpty(answer.Headers["x-ratelimit-remaining-tokens"]);
        Assert.Equal(path == Chat && body.Contains("stream_options", StringComparison.Ordinal), answer.Text.Contains("\"choices\":[]", StringComparison.Ordinal));
        await _site.NothingHeldAsync();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer not-a-key")]
    [InlineData("Basic dXNlcjpwYXNz")]
    public async Task Refuses_a_caller_without_a_known_key(string? authorization)
    {
        var answer = (await _site.PostAsync(Chat, Short, authorization)).MustBe(401);
        Assert.Equal(("key-unknown", "authentication_error", "Bearer"), (Code(answer), (string?)answer.Json["error"]!["type"], answer.Headers["WWW-Authenticate"]));
    }

    [Fact]
    public async Task Takes_the_key_from_either_header_and_only_one()
    {
        (await _site.PostAsync(Chat, Short, null, ("x-api-key", _site.Key))).MustBe(200);
        Assert.Equal("invalid-input", Code((await _site.PostAsync(Chat, Short, $"Bearer {_site.Key}", ("x-api-key", _site.Key))).MustBe(400)));
        await _site.NothingHeldAsync();
    }

    [Fact]
    public async Task Tells_the_client_when_to_come_back()
    {
        var key = await _site.EnterAsync("one", sequences: 1);
        var (holder, held) = (_site.Services.With(key), Guid.NewGuid());
        (await holder.AdmitAsync(held)).MustBe(201);
        var refused = (await _site.PostAsync(Chat, Short, $"Bearer {key}")).MustBe(429);
        Assert.Equal(("concurrency-exceeded", "rate_limit_error"), (Code(refused), (string?)refused.Json["error"]!["type"]));
        Assert.True(int.Parse(refused.Headers["Retry-After"]) >= 1);
        Assert.Equal(("1", "0"), (refused.Headers["x-ratelimit-limit-requests"], refused.Headers["x-ratelimit-remaining-requests"]));
        Assert.DoesNotContain(_site.Engine.Log, entry => entry.RequestId == refused.Request.ToString());
        (await holder.DeleteAsync($"/v1/admissions/{held}")).MustBe(200);
        (await _site.PostAsync(Chat, Short, $"Bearer {key}")).MustBe(200);
        await _site.NothingHeldAsync();
    }

    [Fact]
    public async Task Passes_on_that_a_request_can_never_fit() =>
        Assert.Equal("never-fits", Code((await _site.PostAsync(Chat, Short.Replace("20", "90000000", StringComparison.Ordinal))).MustBe(422)));

    [Fact]
    public async Task Refuses_a_key_in_the_address_and_writes_it_nowhere()
    {
        Assert.Equal("key-in-address", Code((await _site.PostAsync($"{Chat}?api_key=tli_secret_in_the_address", Short)).MustBe(400)));
        foreach (var log in (string[])[_site.Nginx.AccessLog, _site.Nginx.ErrorLog]) Assert.DoesNotContain("tli_secret", File.ReadAllText(log), StringComparison.Ordinal);
    }

    /// <summary>What a client says in the gateway's own headers counts for nothing: neither its id, by which it would be admitted once for many requests, nor its tokens.</summary>
    [Fact]
    public async Task Hears_no_client_in_the_gateways_own_headers()
    {
        (string, string)[] claims = [("x-request-id", $"{Guid.NewGuid()}"), ("x-tokenledger-input-tokens", "1"), ("x-tokenledger-refusal-status", "none"), ("x-tokenledger-body-bytes", "1")];
        var first = (await _site.PostAsync(Chat, Short, $"Bearer {_site.Key}", claims)).MustBe(200);
        var second = (await _site.PostAsync(Chat, Short, $"Bearer {_site.Key}", claims)).MustBe(200);
        Assert.NotEqual(first.Request, second.Request);
        foreach (var answer in (RawAnswer[])[first, second])
        {
            Assert.Equal((Short.Length + 3) / 4, (await _site.Services.Events.FirstAsync<RequestAdmitted>(e => e.Request == answer.Request)).Data.InputTokens);
            await _site.UsedAsync(answer.Request);
        }
        await _site.NothingHeldAsync();
    }

    /// <summary>With usage in every chunk nothing that the client received is left out.</summary>
    [Fact]
    public async Task Reports_what_had_passed_when_a_client_leaves()
    {
        var request = await _site.LeaveAsync(Chat, Short.Replace("20", "20000", StringComparison.Ordinal), afterBytes: 2_000);
        var (used, produced) = (await _site.UsedAsync(request), await _site.ProducedAsync(request));
        Assert.Equal((Outcome.Aborted, "abort", (long)produced.PromptTokens), (used.Outcome, produced.Finish, used.InputTokens));
        Assert.InRange(used.OutputTokens, 2, produced.OutputTokens);
        await _site.NothingHeldAsync();
    }

    [Theory]
    [InlineData("""{"messages":"","stream":true}""", 400)]
    [InlineData("no JSON", 400)]
    public async Task Releases_what_a_server_refused(string body, int status)
    {
        var answer = (await _site.PostAsync(Chat, body)).MustBe(status);
        await _site.Services.Events.FirstAsync<ReservationReleased>(e => e.Request == answer.Request);
        await _site.NothingHeldAsync();
    }

    [Theory]
    [InlineData(FaultKind.Error, "true")]
    [InlineData(FaultKind.Error, "false")]
    public async Task Releases_what_a_server_failed_to_answer(FaultKind kind, string stream)
    {
        _site.Engine.Set(new(kind));
        try
        {
            var answer = (await _site.PostAsync(Chat, Short.Replace("true}", stream + "}", StringComparison.Ordinal))).MustBe(500);
            await _site.Services.Events.FirstAsync<ReservationReleased>(e => e.Request == answer.Request);
        }
        finally
        {
            _site.Engine.Set(Fault.None);
        }
        await _site.NothingHeldAsync();
    }

    [Fact]
    public async Task Reports_what_had_passed_when_a_server_cuts_its_stream()
    {
        _site.Engine.Set(new(FaultKind.Cut, After: 7));
        try
        {
            var answer = (await _site.PostAsync(Chat, Short)).MustBe(200);
            var used = await _site.UsedAsync(answer.Request);
            Assert.Equal((Outcome.Failed, 3, 7), (used.Outcome, (int)used.InputTokens, (int)used.OutputTokens));
        }
        finally
        {
            _site.Engine.Set(Fault.None);
        }
        await _site.NothingHeldAsync();
    }

    [Fact]
    public async Task Repeats_a_report_until_Metering_takes_it()
    {
        _site.Metering.IsAway = true;
        var answer = (await _site.PostAsync(Chat, Short)).MustBe(200);
        await _site.ProducedAsync(answer.Request);
        Assert.Empty(await _site.Services.Events.AllAsync<TokensConsumed>(e => e.Request == answer.Request));
        _site.Metering.IsAway = false;
        Assert.Equal(20, (await _site.UsedAsync(answer.Request)).OutputTokens);
        await _site.NothingHeldAsync();
    }

    /// <summary>Nobody says whether there is room: the request is refused, and comes to no server.</summary>
    [Fact]
    public async Task Refuses_when_Admission_does_not_answer()
    {
        await using var nginx = await NginxServer.StartAsync("127.0.0.1:1", "127.0.0.1:2", _site.Engine.Address.Authority);
        using var client = nginx.Connect();
        var before = _site.Engine.Log.Count;
        using var content = new StringContent(Short);
        using var answer = await client.PostAsync(Chat, content, Within.Patience());
        Assert.Equal((503, "1"), ((int)answer.StatusCode, answer.Headers.GetValues("Retry-After").Single()));
        Assert.Contains("\"code\":\"ledger-unavailable\"", await answer.Content.ReadAsStringAsync(Within.Patience()), StringComparison.Ordinal);
        Assert.Equal(before, _site.Engine.Log.Count);
    }

    private static string? Code(RawAnswer answer) => (string?)answer.Json["error"]!["code"];
}
