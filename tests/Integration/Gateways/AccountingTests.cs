using TokenLedger.Contracts;
using TokenLedger.Engine;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>Every token is accounted for: mixed requests, a fifth of them abandoned, servers that fail. What the engines produced for each request is what the ledger has.</summary>
public sealed class AccountingTests(PostgresServer postgres)
{
    private const int Requests = 300;
    private const int AtATime = 24;
    private static readonly EngineOptions s_engine = GatewaySite.Engine with { TokensPerSecond = 2_000, PrefillTokensPerSecond = 50_000 };

    [Fact]
    public async Task Every_token_is_in_the_ledger()
    {
        await using var site = await GatewaySite.StartAsync(postgres, [s_engine, s_engine], ("Gateway:EjectAfter", "1000"));
        site.Engines[0].Set(new(FaultKind.Error, Every: 20));
        site.Engines[1].Set(new(FaultKind.Cut, Every: 20, After: 5));
        await Parallel.ForEachAsync(Enumerable.Range(0, Requests), new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (i, _) => await SendAsync(site, i));

        await site.NothingHeldAsync();
        var used = await UsedAsync(site);
        // An engine writes its line after its last byte.
        await site.Api.Events.UntilAsync(() => Task.FromResult(Produced(site).Count >= used.Count));
        var produced = Produced(site);
        Assert.Equal(produced.Keys.Order(StringComparer.Ordinal), used.Keys.Order(StringComparer.Ordinal));
        Assert.All(produced, one => Assert.Equal(one.Value, used[one.Key]));
        Assert.InRange(used.Count, Requests * 4 / 5, Requests);
    }

    private static Task SendAsync(GatewaySite site, int i)
    {
        var prompt = $"request number {i % 7} of many " + string.Join(' ', Enumerable.Range(0, i % 50).Select(word => $"word{word}"));
        var (path, body) = (i % 4) switch
        {
            0 => ("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"{{prompt}}"}],"max_tokens":{{1 + i % 60}},"stream":true}"""),
            1 => ("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"{{prompt}}"}],"max_tokens":{{1 + i % 60}} }"""),
            2 => ("/v1/completions", $$"""{"prompt":"{{prompt}}","max_tokens":{{1 + i % 60}},"stream":true,"stream_options":{"include_usage":true} }"""),
            _ => ("/v1/messages", $$"""{"messages":[{"role":"user","content":"{{prompt}}"}],"max_tokens":{{1 + i % 60}},"stream":true}"""),
        };
        if (i % 5 != 0) return site.PostAsync(path, body);
        body = body.Replace($"\"max_tokens\":{1 + i % 60}", "\"max_tokens\":20000,\"ignore_eos\":true", StringComparison.Ordinal);
        return body.Contains("\"stream\":true", StringComparison.Ordinal) ? site.LeaveAsync(path, body, 200) : site.GiveUpAsync(path, body, TimeSpan.FromMilliseconds(300));
    }

    /// <summary>By request: what the engines read and made for it, where they did anything.</summary>
    private static Dictionary<string, (long Input, long Output)> Produced(GatewaySite site) =>
        site.Engines.SelectMany(engine => engine.Log).Where(entry => entry.PromptTokens > 0).ToDictionary(entry => entry.RequestId, entry => ((long)entry.PromptTokens, (long)entry.OutputTokens));

    private static async Task<Dictionary<string, (long Input, long Output)>> UsedAsync(GatewaySite site) =>
        (await site.Api.Events.AllAsync<TokensConsumed>(_ => true)).ToDictionary(e => e.Data.Request.ToString(), e => (e.Data.InputTokens, e.Data.OutputTokens));
}
