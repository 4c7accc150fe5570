using System.Text.Json.Nodes;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>The official OpenAI library for Node, as Node/openai.mjs uses it, pointed at the gateway.</summary>
public sealed class NodeSdkTests(GatewayFixture fixture, PostgresServer postgres, NodeClient node) : IClassFixture<GatewayFixture>
{
    private const string SixTokens = """{"prompt_tokens":2,"completion_tokens":6,"total_tokens":8,"prompt_tokens_details":{"cached_tokens":0}}""";
    private readonly GatewaySite _site = fixture.Site;

    [Fact]
    public async Task Chats()
    {
        var seen = await PlayAsync("chat");
        Assert.Equal(("length", 6, SixTokens), (Text(seen["finish"]), Words(seen["text"]), seen["usage"]!.ToJsonString()));
        Assert.Equal((2, 6, Outcome.Completed), await BilledAsync(seen));
    }

    [Fact]
    public async Task Streams_and_hears_no_usage_that_it_did_not_ask_for()
    {
        var seen = await PlayAsync("stream");
        Assert.Equal((6, 0), (Words(seen["text"]), (int)seen["usages"]!));
        Assert.Equal((2, 6, Outcome.Completed), await BilledAsync(seen));
    }

    [Fact]
    public async Task Streams_and_hears_the_usage_that_it_asks_for()
    {
        var seen = await PlayAsync("streamWithUsage");
        Assert.Equal((6, 2, 6), (Words(seen["text"]), (int)seen["usage"]!["prompt_tokens"]!, (int)seen["usage"]!["completion_tokens"]!));
    }

    [Fact]
    public async Task Calls_tools_and_goes_on_with_their_results()
    {
        var seen = await PlayAsync("tools");
        Assert.Equal(("tool_calls", "weather", """{"city":"some city"}"""), (Text(seen["finish"]), Text(seen["name"]), seen["arguments"]!.ToJsonString()));
        Assert.NotEmpty(Text(seen["text"]));
    }

    [Fact]
    public async Task Puts_the_arguments_of_a_streamed_tool_call_together()
    {
        var seen = await PlayAsync("streamedTool");
        Assert.Equal(("tool_calls", """{"city":"some city"}"""), (Text(seen["finish"]), seen["arguments"]!.ToJsonString()));
    }

    [Fact]
    public async Task Embeds()
    {
        var seen = await PlayAsync("embeddings");
        Assert.Equal((2, 16, 3), ((int)seen["count"]!, (int)seen["dimensions"]!, (int)seen["usage"]!["prompt_tokens"]!));
        Assert.Equal((3, 0, Outcome.Completed), await BilledAsync(seen));
    }

    [Fact]
    public async Task Lists_models_and_looks_one_up() =>
        Assert.Equal("""{"listed":["llama"],"one":{"id":"llama","object":"model","created":0,"owned_by":"tokenledger"}}""", (await PlayAsync("models")).ToJsonString());

    [Fact]
    public async Task Takes_a_response()
    {
        var seen = await PlayAsync("response");
        Assert.Equal(("incomplete", 6, 6), (Text(seen["status"]), Words(seen["text"]), (int)seen["usage"]!["output_tokens"]!));
        Assert.Equal((2, 6, Outcome.Completed), await BilledAsync(seen));
    }

    [Fact]
    public async Task Streams_a_response()
    {
        var seen = await PlayAsync("responseStream");
        Assert.Equal((Text(seen["whole"]), 6, 6), (Text(seen["text"]), Words(seen["text"]), (int)seen["usage"]!["output_tokens"]!));
        Assert.Equal(
            ["response.created", "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.done", "response.content_part.done",
                "response.output_item.done", "response.completed"],
            seen["events"]!.AsArray().Select(Text));
    }

    [Theory]
    [InlineData("chat", "tli_unknown", "AuthenticationError", 401, "key-unknown", "authentication_error", null)]
    [InlineData("models", "tli_unknown", "AuthenticationError", 401, "key-unknown", "authentication_error", null)]
    [InlineData("model", null, "NotFoundError", 404, "model-unknown", "invalid_request_error", "model")]
    [InlineData("chat", null, "NotFoundError", 404, "model-unknown", "invalid_request_error", "model", """{"model":"another","messages":[]}""")]
    [InlineData("chat", null, "BadRequestError", 400, "invalid-input", "invalid_request_error", "max_tokens", """{"messages":[],"max_tokens":-1}""")]
    public async Task Throws_the_error_of_each_refusal(string ask, string? key, string kind, int status, string code, string type, string? param, string body = "{}")
    {
        var seen = await PlayAsync("refusal", ("ASK", ask), ("OPENAI_API_KEY", key ?? _site.Key), ("BODY", body), ("NAME", "another"));
        Assert.Equal((kind, status, code, type, param), (Text(seen["kind"]), (int)seen["status"]!, Text(seen["code"]), Text(seen["type"]), (string?)seen["param"]));
        Assert.True(RequestId.TryParse(Text(seen["request"]), null, out _));
    }

    /// <summary>
    /// An entitlement of one sequence, held by somebody else: refused with 429, the library comes back by itself and finds room. It would come back after half a second at most
    /// if it were not told when.
    /// </summary>
    [Fact]
    public async Task Comes_back_after_a_refusal_when_it_is_told_to()
    {
        var key = await _site.EnterAsync("single-of-node", Bodies.Entitlement().But("baseline.sequences", "1"));
        var (holder, held) = (_site.Api.With(key), Guid.NewGuid());
        (await holder.AdmitAsync(held)).MustBe(201);
        var asking = PlayAsync("chat", ("OPENAI_API_KEY", key), ("RETRIES", "100"));
        await _site.Api.Events.FirstAsync<RequestDenied>(e => e.Entitlement.Value == "single-of-node");
        (await holder.DeleteAsync($"/v1/admissions/{held}")).MustBe(200);
        var seen = await asking;
        Assert.Equal((2, 6, Outcome.Completed), await BilledAsync(seen));
        var stream = await _site.Api.Events.StreamAsync($"pool-{GatewaySite.Pool}");
        var denied = stream.Last(e => e.Data is RequestDenied { Entitlement.Value: "single-of-node" });
        var admitted = stream.Single(e => e.Data is RequestAdmitted one && one.Request == RequestId.Parse(Text(seen["request"])));
        Assert.Equal(DenialReason.ConcurrencyExceeded, ((RequestDenied)denied.Data).Reason);
        Assert.InRange(admitted.Timestamp - denied.Timestamp, TimeSpan.FromMilliseconds(900), TimeSpan.MaxValue);
    }

    /// <summary>The engine would go on for longer than any test waits: what ends the answer is the client.</summary>
    [Fact]
    public async Task Leaves_in_the_middle_of_a_stream()
    {
        await using var site = await GatewaySite.StartAsync(postgres, [GatewaySite.Engine with { TokensPerSecond = 200 }]);
        var seen = await node.PlayAsync("openai.mjs", "leave", On(site));
        var request = RequestId.Parse(Text(seen["request"]));
        var used = await site.UsedAsync(request);
        await site.Api.Events.UntilAsync(() => Task.FromResult(site.Engines[0].Log.Any(entry => entry.RequestId == request.ToString())));
        Assert.Equal((site.Produced(request).OutputTokens, Outcome.Aborted), (used.OutputTokens, used.Outcome));
        Assert.InRange(used.OutputTokens, 3, 24_999);
        await site.NothingHeldAsync();
    }

    private Task<JsonNode> PlayAsync(string scenario, params (string Name, string Value)[] environment) => node.PlayAsync("openai.mjs", scenario, [.. On(_site), .. environment]);

    private static (string Name, string Value)[] On(GatewaySite site) => [("OPENAI_BASE_URL", site.Api.Address + "/v1"), ("OPENAI_API_KEY", site.Key), ("MODEL", GatewaySite.Model)];

    private async Task<(long Input, long Output, Outcome Outcome)> BilledAsync(JsonNode seen)
    {
        var used = await _site.UsedAsync(RequestId.Parse(Text(seen["request"])));
        return (used.InputTokens, used.OutputTokens, used.Outcome);
    }

    private static string Text(JsonNode? node) => (string)node!;

    private static int Words(JsonNode? node) => Text(node).Split(' ').Length;
}
