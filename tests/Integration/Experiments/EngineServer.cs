using System.Net.Http.Json;
using System.Text.Json.Nodes;
using TokenLedger.Engine;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Experiments;

/// <summary>The simulated engine on a free loopback port, and how many requests it ever had at a time.</summary>
internal sealed class EngineServer : IAsyncDisposable
{
    private readonly SimulatedEngine _engine;
    private readonly HttpClient _http;
    private readonly Lock _lock = new();
    private int _inside;

    private EngineServer(SimulatedEngine engine) => (_engine, _http) = (engine, new() { BaseAddress = engine.Address });

    /// <summary>Prompt and output tokens cost the same, as they do in the pool's limits.</summary>
    public static async Task<EngineServer> StartAsync(int slots, int tokensPerSecond) =>
        new(await SimulatedEngine.StartAsync(new() { Port = 0, TokensPerSecond = tokensPerSecond, PrefillTokensPerSecond = tokensPerSecond, Slots = slots }));

    public Uri Address => _http.BaseAddress!;

    /// <summary>The most requests that it ever had at a time, running or waiting.</summary>
    public int MostInside { get; private set; }

    /// <summary>Generates exactly so many tokens.</summary>
    /// <returns>Input and output tokens as the engine counted them.</returns>
    public async Task<(long Input, long Output)> CompleteAsync(int input, int output)
    {
        lock (_lock) MostInside = Math.Max(MostInside, ++_inside);
        try
        {
            return await GenerateAsync(input, output);
        }
        finally
        {
            lock (_lock) _inside--;
        }
    }

    private async Task<(long Input, long Output)> GenerateAsync(int input, int output)
    {
        var body = new JsonObject { ["prompt"] = string.Join(' ', Enumerable.Repeat("word", input)), ["max_tokens"] = output, ["ignore_eos"] = true };
        using var answer = await _http.PostAsJsonAsync("/v1/completions", body, Within.Patience());
        var usage = JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(Within.Patience()))!["usage"]!;
        return ((long)usage["prompt_tokens"]!, (long)usage["completion_tokens"]!);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _engine.DisposeAsync();
    }
}
