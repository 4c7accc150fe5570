using TokenLedger.Contracts;
using TokenLedger.Engine;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>Clients that go, servers that fail: what was produced is billed to the token, and nothing is held afterwards.</summary>
public sealed class FailureTests(PostgresServer postgres)
{
    private const string Chat = "/v1/chat/completions";
    private const string Stream = """{"messages":[{"role":"user","content":"tell me more"}],"max_tokens":20000,"ignore_eos":true,"stream":true}""";
    private const string Short = """{"messages":[{"role":"user","content":"tell me more"}],"max_tokens":20,"ignore_eos":true,"stream":STREAM}""";
    private static readonly EngineOptions s_slow = GatewaySite.Engine with { TokensPerSecond = 200, PrefillTokensPerSecond = 20_000 };

    [Theory]
    [InlineData(Chat, Stream)]
    [InlineData("/v1/completions", """{"prompt":"tell me more","max_tokens":20000,"ignore_eos":true,"stream":true}""")]
    [InlineData("/v1/responses", """{"input":"tell me more","max_output_tokens":20000,"ignore_eos":true,"stream":true}""")]
    [InlineData("/v1/messages", """{"messages":[{"role":"user","content":"tell me more"}],"max_tokens":20000,"ignore_eos":true,"stream":true}""")]
    public async Task Bills_what_was_produced_until_a_client_left(string path, string body)
    {
        await using var site = await GatewaySite.StartAsync(postgres, [s_slow]);
        var request = await site.LeaveAsync(path, body, afterBytes: 2_000);
        var used = await site.UsedAsync(request);
        await site.Api.Events.UntilAsync(() => Task.FromResult(site.Engines[0].Log.Count > 0));
        Assert.Equal((Outcome.Aborted, site.Produced(request).PromptTokens, site.Produced(request).OutputTokens), (used.Outcome, (int)used.InputTokens, (int)used.OutputTokens));
        Assert.InRange(used.OutputTokens, 1, 19_999);
        await site.NothingHeldAsync();
    }

    [Fact]
    public async Task Bills_what_was_produced_when_the_client_did_not_wait_for_a_whole_answer()
    {
        await using var site = await GatewaySite.StartAsync(postgres, [s_slow]);
        await site.GiveUpAsync(Chat, Stream.Replace("\"stream\":true", "\"stream\":false", StringComparison.Ordinal), TimeSpan.FromSeconds(1));
        var (_, used) = await site.Api.Events.FirstAsync<TokensConsumed>(_ => true);
        await site.Api.Events.UntilAsync(() => Task.FromResult(site.Engines[0].Log.Count > 0));
        Assert.Equal((Outcome.Aborted, site.Engines[0].Log[0].OutputTokens), (used.Outcome, (int)used.OutputTokens));
        await site.NothingHeldAsync();
    }

    /// <summary>A server that cannot be told: the connection is closed, and what had arrived is billed.</summary>
    [Fact]
    public async Task Closes_the_connection_of_a_server_that_knows_no_abort()
    {
        await using var site = await GatewaySite.StartAsync(postgres, [s_slow], ("Gateway:AbortPath", ""));
        var request = await site.LeaveAsync(Chat, Stream, afterBytes: 2_000);
        var used = await site.UsedAsync(request);
        await site.Api.Events.UntilAsync(() => Task.FromResult(site.Engines[0].Log.Count > 0));
        Assert.Equal("abort", site.Produced(request).Finish);
        Assert.InRange(used.OutputTokens, 5, site.Produced(request).OutputTokens);
        await site.NothingHeldAsync();
    }

    /// <summary>A server that knows no abort but can be asked.</summary>
    [Fact]
    public async Task Asks_the_server_what_it_made_for_a_client_that_left()
    {
        await using var site = await GatewaySite.StartAsync(postgres, [s_slow], ("Gateway:AbortPath", ""), ("Gateway:UsagePath", SimulatedEngine.UsagePath), ("Gateway:AbortMs", "60000"));
        var used = await site.UsedAsync(await site.LeaveAsync(Chat, Stream, afterBytes: 2_000));
        AssertAsProduced(site, Outcome.Aborted, used);
        await site.NothingHeldAsync();
    }

    /// <summary>A stream that has begun, and of which nothing more comes for too long, though its server makes it.</summary>
    [Fact]
    public async Task Asks_the_server_what_it_made_for_a_stream_that_was_given_up()
    {
        await using var site = await GatewaySite.StartAsync(postgres, [s_slow with { Fault = new(FaultKind.Slow, DelayMs: 600_000) }],
            ("Gateway:IdleMs", "500"), ("Gateway:UsagePath", SimulatedEngine.UsagePath), ("Gateway:AbortMs", "60000"));
        await Assert.ThrowsAsync<HttpRequestException>(() => site.PostAsync("/v1/messages", Stream));
        AssertAsProduced(site, Outcome.Failed, (await site.Api.Events.FirstAsync<TokensConsumed>(_ => true)).Data);
        await site.NothingHeldAsync();
    }

    /// <summary>Nobody waits for it, and the end counts: what was told on the way is not billed besides.</summary>
    [Fact]
    public async Task Tells_how_far_a_long_stream_has_come()
    {
        await using var site = await GatewaySite.StartAsync(postgres, [s_slow], ("Gateway:StreamReportMs", "100"));
        // The server makes that much in two seconds.
        var request = await site.LeaveAsync(Chat, Stream, afterBytes: 100_000);
        var used = await site.UsedAsync(request);
        var (_, first) = await site.Api.Events.FirstAsync<TokensStreamed>(e => e.Request == request);
        Assert.Equal((3, true), (first.InputTokens, first.Admitted));
        Assert.InRange(first.OutputTokens, 1, used.OutputTokens);
        Assert.Single(await site.Api.Events.AllAsync<TokensConsumed>(e => e.Request == request));
        Assert.Empty(await site.Api.Events.AllAsync<UsageCorrected>(_ => true));
    }

    [Theory]
    [InlineData(FaultKind.Error, "true")]
    [InlineData(FaultKind.Error, "false")]
    [InlineData(FaultKind.Hang, "true")]
    [InlineData(FaultKind.Reset, "false")]
    public async Task Goes_to_another_server_before_the_first_byte(FaultKind kind, string stream)
    {
        await using var site = await GatewaySite.StartAsync(postgres, ("Gateway:Policy", "RoundRobin"), ("Gateway:FirstByteMs", "3000"));
        site.Engines[0].Set(new(kind));
        for (var i = 0; i < 2; i++)
        {
            var answer = (await site.PostAsync(Chat, Short.Replace("STREAM", stream, StringComparison.Ordinal))).MustBe(200);
            var used = await site.UsedAsync(answer.Request);
            Assert.Equal((Outcome.Completed, 20), (used.Outcome, (int)used.OutputTokens));
            Assert.Equal(20, site.Engines[1].Log.Single(entry => entry.RequestId == answer.Request.ToString()).OutputTokens);
        }
        await site.NothingHeldAsync();
    }

    [Fact]
    public async Task Bills_what_arrived_when_a_server_cuts_its_stream()
    {
        await using var site = await GatewaySite.StartAsync(postgres, [GatewaySite.Engine with { Fault = new(FaultKind.Cut, After: 7) }]);
        var answer = (await site.PostAsync(Chat, Short.Replace("STREAM", "true", StringComparison.Ordinal))).MustBe(200);
        Assert.DoesNotContain("[DONE]", answer.Text, StringComparison.Ordinal);
        var used = await site.UsedAsync(answer.Request);
        Assert.Equal((Outcome.Failed, 3, 7), (used.Outcome, (int)used.InputTokens, (int)used.OutputTokens));
        await site.NothingHeldAsync();
    }

    /// <summary>Without usage in the chunks they are counted.</summary>
    [Fact]
    public async Task Counts_chunks_when_a_server_tells_no_usage_before_the_end()
    {
        await using var site = await GatewaySite.StartAsync(postgres, [GatewaySite.Engine with { Fault = new(FaultKind.Cut, After: 7) }], ("Gateway:ContinuousUsage", "false"));
        var answer = (await site.PostAsync(Chat, Short.Replace("STREAM", "true", StringComparison.Ordinal))).MustBe(200);
        Assert.Equal((Outcome.Failed, 7), ((await site.UsedAsync(answer.Request)).Outcome, (int)(await site.UsedAsync(answer.Request)).OutputTokens));
    }

    [Fact]
    public async Task Breaks_the_answer_where_its_server_broke_it()
    {
        await using var site = await GatewaySite.StartAsync(postgres, [GatewaySite.Engine with { TokensPerSecond = 200, Fault = new(FaultKind.Reset, After: 40) }]);
        await Assert.ThrowsAsync<HttpRequestException>(() => site.PostAsync(Chat, Stream));
        var (_, used) = await site.Api.Events.FirstAsync<TokensConsumed>(_ => true);
        Assert.Equal(Outcome.Failed, used.Outcome);
        Assert.InRange(used.OutputTokens, 1, 40);
        await site.NothingHeldAsync();
    }

    [Fact]
    public async Task Says_so_when_no_server_answers_and_holds_nothing()
    {
        await using var site = await GatewaySite.StartAsync(postgres, ("Gateway:Upstreams:p:0", "http://127.0.0.1:1"), ("Gateway:Upstreams:p:1", "http://127.0.0.1:2"));
        var answer = (await site.PostAsync(Chat, Short.Replace("STREAM", "true", StringComparison.Ordinal))).MustBe(502);
        Assert.Equal("upstream-unavailable", (string?)answer.Json["error"]!["code"]);
        await site.Api.Events.FirstAsync<ReservationReleased>(e => e.Request == answer.Request);
        await site.NothingHeldAsync();
    }

    [Fact]
    public async Task Says_so_when_no_server_answers_in_time()
    {
        await using var site = await GatewaySite.StartAsync(postgres, [GatewaySite.Engine with { Fault = new(FaultKind.Hang) }], ("Gateway:FirstByteMs", "100"));
        var answer = (await site.PostAsync(Chat, Short.Replace("STREAM", "true", StringComparison.Ordinal))).MustBe(504);
        Assert.Equal(("upstream-timeout", "1"), ((string?)answer.Json["error"]!["code"], answer.Headers["Retry-After"]));
        await site.NothingHeldAsync();
    }

    /// <summary>A stream that lasts longer than its lease keeps it.</summary>
    [Fact]
    public async Task Renews_the_lease_of_a_long_stream()
    {
        await using var site = await GatewaySite.StartAsync(postgres, [s_slow]);
        (await site.Api.Operator.PutAsync($"/v1/pools/{GatewaySite.Pool}", Bodies.Pool().But("leaseSeconds", "1"))).MustBe(200);
        var answer = (await site.PostAsync(Chat, Short.Replace("\"max_tokens\":20", "\"max_tokens\":500", StringComparison.Ordinal).Replace("STREAM", "true", StringComparison.Ordinal))).MustBe(200);
        Assert.Equal(500, (await site.UsedAsync(answer.Request)).OutputTokens);
        Assert.NotEmpty(await site.Api.Events.AllAsync<ReservationRenewed>(e => e.Request == answer.Request));
        Assert.Empty(await site.Api.Events.AllAsync<ReservationExpired>(e => e.Request == answer.Request));
    }

    private static void AssertAsProduced(GatewaySite site, Outcome outcome, TokensConsumed used)
    {
        var produced = site.Produced(used.Request);
        Assert.Equal((outcome, (long)produced.PromptTokens, (long)produced.OutputTokens), (used.Outcome, used.InputTokens, used.OutputTokens));
    }
}
