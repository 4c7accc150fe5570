namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>The policies over live engines: who sends a conversation where it was read before finds it in the cache.</summary>
public sealed class PrefixAffinityTests(PostgresServer postgres)
{
    private const int Conversations = 5;
    private const int Turns = 6;

    /// <summary>
    /// Conversations that grow, one turn of each after the other, over two engines. Sent in turn, five conversations come to the other engine every time, so that each half of their turns
    /// finds only what was said two turns before; by prefix all but the newest turn is found.
    /// </summary>
    [Fact]
    public async Task Prefix_affinity_finds_more_in_the_caches_than_taking_turns()
    {
        var (byTurns, byPrefix) = (await HitsAsync("RoundRobin"), await HitsAsync("Prefix"));
        Assert.True(byPrefix >= 0.65 && byPrefix > byTurns + 0.1, $"prefix {byPrefix:P0}, round robin {byTurns:P0}");
    }

    /// <returns>The part of all prompt tokens that was found in a cache.</returns>
    private async Task<double> HitsAsync(string policy)
    {
        await using var site = await GatewaySite.StartAsync(postgres, ("Gateway:Policy", policy));
        for (var turn = 1; turn <= Turns; turn++)
            for (var conversation = 0; conversation < Conversations; conversation++)
            {
                var prompt = string.Join(' ', Enumerable.Range(0, 100 * turn).Select(word => $"c{conversation}w{word}"));
                (await site.PostAsync("/v1/completions", $$"""{"prompt":"{{prompt}}","max_tokens":2}""")).MustBe(200);
            }
        var log = site.Engines.SelectMany(engine => engine.Log).ToList();
        // Neither policy leaves an engine idle.
        Assert.All(site.Engines, engine => Assert.InRange(engine.Log.Count, Conversations, Conversations * (Turns - 1)));
        return (double)log.Sum(entry => entry.CachedTokens) / log.Sum(entry => entry.PromptTokens);
    }
}
