using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TokenLedger.Engine;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Experiments;

/// <summary>The simulated engine on a free loopback port, and how many requests it ever had at a time.</summary>
internal sealed class EngineServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http;
    private readonly Lock _lock = new();
    private int _inside;

    private EngineServer(WebApplication app)
    {
        _app = app;
        _http = new() { BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
    }

    public static async Task<EngineServer> StartAsync(int slots, int tokensPerSecond)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddEngine(new(Port: 0, "simulated", tokensPerSecond, slots, Queue: 1_024, MaxModelLength: 32_768, KvCacheTokens: 131_072, MeanOutputTokens: 128));
        var app = builder.Build();
        app.MapEngine();
        await app.StartAsync();
        return new(app);
    }

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
        await _app.DisposeAsync();
    }
}
