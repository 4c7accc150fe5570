using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace TokenLedger.Tests.Integration.Scenarios;

/// <summary>The first five minutes: the demo's model answers through the gateway, and what it used is metered.</summary>
[Collection(nameof(Scenarios))]
public sealed class DemoTests : IAsyncDisposable
{
    private readonly TempHome _home = new();
    private readonly ProductProcess _product;

    public DemoTests() => _product = new("AllInOne", new Dictionary<string, string> { ["TOKENLEDGER_HOME"] = _home.Folder }, "--demo");

    [Fact]
    public async Task Answers_through_the_gateway_meters_it_and_stops_its_servers_with_itself()
    {
        var ct = TestContext.Current.CancellationToken;
        await _product.StartAsync();
        var keyFile = Path.Combine(_home.Folder, "demo.key");
        await Eventually.HoldsAsync("the demo is set up", () => Task.FromResult(File.Exists(keyFile)), () => _product.Log);
        var key = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(keyFile, ct)).Trim());
        using var http = new HttpClient { BaseAddress = _product.Url, DefaultRequestHeaders = { Authorization = key } };
        using var answer = await http.PostAsJsonAsync("/v1/chat/completions", new { max_tokens = 8, messages = new[] { new { role = "user", content = "Say hello" } } }, ct);
        answer.EnsureSuccessStatusCode();
        var usage = (await answer.Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("usage");

        var demo = new Operator(_product.Url);
        Assert.Equal((1, usage.GetProperty("prompt_tokens").GetInt64(), usage.GetProperty("completion_tokens").GetInt64()), await demo.TotalsAsync("acme"));
        await demo.NothingHeldAsync("demo");
        Assert.Equal(2, (await demo.PoolAsync("demo")).GetProperty("replicas").GetInt32());

        var engines = Directory.GetFiles(Path.Combine(_home.Folder, "engines", "demo"), "*.pid").Select(file => int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(2, engines.Count);
        await _product.StopAsync();
        await Eventually.HoldsAsync("the servers have stopped", () => Task.FromResult(engines.TrueForAll(id => !File.Exists($"/proc/{id}/cmdline") || File.ReadAllText($"/proc/{id}/cmdline").Length == 0)));
    }

    public async ValueTask DisposeAsync()
    {
        await _product.DisposeAsync();
        _home.Dispose();
    }
}
