using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using TokenLedger.Engine;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>The simulated engine itself, over HTTP.</summary>
public sealed class EngineTests : IDisposable
{
    private const string Long = """{"prompt":"go on and on","max_tokens":200,"ignore_eos":true,"stream":true}""";
    private readonly HttpClient _http = new();

    [Fact]
    public async Task Finishes_what_runs_and_refuses_what_comes_when_it_stops()
    {
        var engine = await SimulatedEngine.StartAsync(GatewaySite.Engine with { TokensPerSecond = 200, DrainSeconds = 60 });
        using var request = Request(engine, Long);
        using var running = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Within.Patience());
        var stop = engine.DisposeAsync();
        await AssertRefusedAsync(engine);
        Assert.EndsWith("data: [DONE]\n\n", await running.Content.ReadAsStringAsync(Within.Patience()), StringComparison.Ordinal);
        await stop;
    }

    [Fact]
    public async Task Gives_the_same_answer_to_the_same_request_and_another_with_another_seed()
    {
        List<string> answers = [];
        foreach (var seed in (int[])[1, 1, 2])
        {
            await using var engine = await SimulatedEngine.StartAsync(GatewaySite.Engine with { Seed = seed });
            answers.Add(await (await PostAsync(engine, """{"prompt":"hello","max_tokens":9}""")).Content.ReadAsStringAsync(Within.Patience()));
        }
        Assert.Equal(answers[0], answers[1]);
        Assert.NotEqual(answers[0], answers[2]);
    }

    [Fact]
    public async Task Fails_as_it_is_told_to_and_only_as_often()
    {
        await using var engine = await SimulatedEngine.StartAsync(GatewaySite.Engine);
        await FaultAsync(engine, """{"kind":"wrong-usage","every":2}""", HttpStatusCode.NoContent);
        Assert.Equal((9, 18, 9), (await MadeAsync(engine), await MadeAsync(engine), await MadeAsync(engine)));
        await FaultAsync(engine, """{"kind":"error"}""", HttpStatusCode.NoContent);
        Assert.Equal(HttpStatusCode.InternalServerError, (await PostAsync(engine, Long)).StatusCode);
        await FaultAsync(engine, """{"kind":"nonsense"}""", HttpStatusCode.BadRequest);
        using var mended = await _http.DeleteAsync(new Uri(engine.Address, "/admin/fault"), Within.Patience());
        await FaultAsync(engine, """{"kind":"slow","delayMs":1}""", HttpStatusCode.NoContent);
        Assert.Equal(9, await MadeAsync(engine));
        Assert.Equal(["length", "length", "length", "error", "length"], engine.Log.Select(entry => entry.Finish));
    }

    /// <summary>What it lists over HTTP is what it says it produced.</summary>
    [Fact]
    public async Task Lists_what_it_produced()
    {
        await using var engine = await SimulatedEngine.StartAsync(GatewaySite.Engine);
        await MadeAsync(engine);
        var line = JsonNode.Parse(Assert.Single((await _http.GetStringAsync(new Uri(engine.Address, "/log"), Within.Patience())).TrimEnd('\n').Split('\n')))!;
        Assert.Equal((1, 9, "/v1/completions"), ((int)line["promptTokens"]!, (int)line["outputTokens"]!, (string?)line["path"]));
    }

    /// <summary>Nothing before it has ended, and nothing of what it does not know.</summary>
    [Fact]
    public async Task Tells_what_a_request_used_when_it_has_ended()
    {
        await using var engine = await SimulatedEngine.StartAsync(GatewaySite.Engine with { TokensPerSecond = 200 });
        using var request = Request(engine, Long.Replace("200", "20000", StringComparison.Ordinal));
        request.Headers.Add("x-request-id", "a");
        var running = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Within.Patience());
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.NotFound), ((await UsedAsync(engine, "a")).StatusCode, (await UsedAsync(engine, "b")).StatusCode));
        // Its client goes: it ends, and says what it made.
        running.Dispose();
        await Scenarios.Eventually.HoldsAsync("the engine has ended the request", async () => (await UsedAsync(engine, "a")).StatusCode == HttpStatusCode.OK);
        var answer = await UsedAsync(engine, "a");
        var usage = (await answer.Content.ReadFromJsonAsync<JsonNode>(Within.Patience()))!["usage"]!;
        Assert.Equal((4, engine.Log.Single().OutputTokens), ((int)usage["prompt_tokens"]!, (int)usage["completion_tokens"]!));
        Assert.InRange(engine.Log.Single().OutputTokens, 0, 19_999);
    }

    public void Dispose() => _http.Dispose();

    private Task<HttpResponseMessage> UsedAsync(SimulatedEngine engine, string request) =>
        _http.GetAsync(new Uri(engine.Address, SimulatedEngine.UsagePath.Replace("{id}", request, StringComparison.Ordinal)), Within.Patience());

    private static async Task AssertRefusedAsync(SimulatedEngine engine)
    {
        try
        {
            using var other = new HttpClient();
            using var request = Request(engine, Long);
            using var answer = await other.SendAsync(request, Within.Patience());
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        }
        catch (HttpRequestException)
        {
            // It does not listen any more.
        }
    }

    private async Task<int> MadeAsync(SimulatedEngine engine)
    {
        using var answer = await PostAsync(engine, """{"prompt":"hello","max_tokens":9,"ignore_eos":true}""");
        return (int)(await answer.Content.ReadFromJsonAsync<JsonNode>(Within.Patience()))!["usage"]!["completion_tokens"]!;
    }

    private async Task FaultAsync(SimulatedEngine engine, string fault, HttpStatusCode expected)
    {
        using var body = new StringContent(fault);
        using var answer = await _http.PutAsync(new Uri(engine.Address, "/admin/fault"), body, Within.Patience());
        Assert.Equal(expected, answer.StatusCode);
    }

    private async Task<HttpResponseMessage> PostAsync(SimulatedEngine engine, string body)
    {
        using var request = Request(engine, body);
        return await _http.SendAsync(request, Within.Patience());
    }

    private static HttpRequestMessage Request(SimulatedEngine engine, string body) => new(HttpMethod.Post, new Uri(engine.Address, "/v1/completions")) { Content = new StringContent(body) };
}
