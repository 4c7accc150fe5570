using System.Diagnostics;
using TokenLedger.Benchmarks.Http;
using TokenLedger.Engine;

namespace TokenLedger.Benchmarks.Replicas;

/// <summary>
/// The gateway's ways to choose a replica over three simulated engines with prefix caches, in turns: the same prompts at the same times for each, the product and the engines new for each.
/// All system prompts together fill three quarters of the three caches: no engine can keep all of them, and all engines together can.
/// </summary>
internal sealed class ReplicaBench(Servers servers, BenchOptions options)
{
    private const int Engines = 3;
    private const double WarmUpSeconds = 5;
    private const string RoundRobin = "round-robin", LeastLoaded = "least-loaded", Prefix = "prefix";
    private static readonly (string Name, string Policy)[] s_policies = [(RoundRobin, "RoundRobin"), ("random-of-two", "RandomOfTwo"), (LeastLoaded, "LeastLoaded"), (Prefix, "Prefix")];

    private static EngineOptions Engine { get; } = new() { Port = 0, TokensPerSecond = 1_000, PrefillTokensPerSecond = 4_000, Slots = 16, KvCacheTokens = 16_384, DrainSeconds = 1 };

    /// <param name="HitRate">Part of the prompts' tokens that the engines found in their caches, by their metrics.</param>
    /// <param name="P50">Milliseconds from a request to its first token, as its client sees them.</param>
    /// <param name="Busiest">Tokens that the busiest engine computed, over those of the mean.</param>
    private sealed record Outcome(double HitRate, double P50, double P99, double Busiest);

    public async Task RunAsync(CancellationToken ct)
    {
        var outcomes = new OrderedDictionary<string, Outcome>();
        foreach (var (name, policy) in s_policies) outcomes[name] = await PlayAsync(policy, ct);
        var turns = outcomes[RoundRobin];
        foreach (var (name, outcome) in outcomes)
        {
            Results.Row($"replicas/{name}-hit-rate", 100 * outcome.HitRate, "%", 100 * turns.HitRate, "round robin");
            Results.Row($"replicas/{name}-ttft-p50", outcome.P50, "ms", turns.P50, "round robin");
            Results.Row($"replicas/{name}-ttft-p99", outcome.P99, "ms", turns.P99, "round robin");
            Results.Row($"replicas/{name}-busiest", outcome.Busiest, "of the mean", turns.Busiest, "round robin");
        }
        Results.Row("replicas/prefix-to-least-loaded", outcomes[Prefix].P99, "ms", outcomes[LeastLoaded].P99, "least loaded, P99 of the first token");
    }

    private async Task<Outcome> PlayAsync(string policy, CancellationToken ct)
    {
        var engines = await Task.WhenAll(Enumerable.Range(0, Engines).Select(_ => SimulatedEngine.StartAsync(Engine)));
        var database = await servers.NewDatabaseAsync(ct);
        try
        {
            var settings = engines.Select((engine, i) => KeyValuePair.Create($"TokenLedger__Gateway__Upstreams__bench__{i}", engine.Address.ToString()))
                .Append(KeyValuePair.Create("TokenLedger__Gateway__Policy", policy)).ToDictionary();
            await using var product = await Instance.StartProductAsync(database, ct, settings);
            return await LoadAsync(new(product.Url, await AdmitBench.OpenPoolAsync(product, ct)), engines, ct);
        }
        finally
        {
            foreach (var engine in engines) await engine.DisposeAsync();
            await servers.DropAsync(database, ct);
        }
    }

    /// <summary>Sends each prompt at its time, whatever became of those before.</summary>
    private async Task<Outcome> LoadAsync(PromptClient client, SimulatedEngine[] engines, CancellationToken ct)
    {
        using (client)
        {
            var (started, measured, warm) = (Stopwatch.GetTimestamp(), new List<Task<double>>(), default(Task<EngineCounts[]>));
            var warming = new List<Task<double>>();
            foreach (var (at, body) in SharedPrompts.Draw(seed: 1, WarmUpSeconds + options.Seconds))
            {
                var wait = TimeSpan.FromSeconds(at) - Stopwatch.GetElapsedTime(started);
                if (wait > TimeSpan.Zero) await Task.Delay(wait, ct);
                if (at >= WarmUpSeconds) warm ??= CountAsync(client, engines, ct);
                (warm is null ? warming : measured).Add(client.FirstTokenAsync(body, ct));
            }
            if (warm is null) throw new BenchException("No prompt was measured.");
            await Task.WhenAll(warming);
            var milliseconds = await Task.WhenAll(measured);
            var (before, after) = (await warm, await CountAsync(client, engines, ct));
            long Sum(Func<EngineCounts, long> count) => after.Sum(count) - before.Sum(count);
            double[] computed = [.. after.Zip(before, (end, begin) => (double)(end.Computed - begin.Computed))];
            return new((double)Sum(counts => counts.Found) / Sum(counts => counts.Asked), Rounds.Median(milliseconds), Rounds.Percentile(milliseconds, 0.99), computed.Max() / computed.Average());
        }
    }

    private static Task<EngineCounts[]> CountAsync(PromptClient client, SimulatedEngine[] engines, CancellationToken ct) =>
        Task.WhenAll(engines.Select(engine => client.CountAsync(engine.Address, ct)));
}
