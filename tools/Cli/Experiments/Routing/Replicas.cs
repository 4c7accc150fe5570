using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;
using TokenLedger.Core.Routing;

namespace TokenLedger.Cli.Experiments;

/// <summary>The gateway's ways to choose a replica, side by side over replicas with prefix caches.</summary>
internal sealed class Replicas() : Experiment("replicas", "Replicas: where does a prompt go?")
{
    private const string Prefix = "prefix", LeastLoaded = "least-loaded";
    private static readonly RoutingPolicy[] s_policies =
    [
        new(Prefix, ReplicaPolicy.Prefix), new(LeastLoaded, ReplicaPolicy.LeastLoaded), new("random-of-two", ReplicaPolicy.RandomOfTwo), new("round-robin", ReplicaPolicy.RoundRobin),
        new("prefix-no-hatch", ReplicaPolicy.Prefix, SeesLoad: false),
    ];

    public override IReadOnlyList<Variant> Variants => [];

    public override bool TableForEachLoad => true;

    public override string Setup => $"""
        Four replicas of {SimulatedReplica.TokensPerSecond:#,0} tokens/s and {SimulatedReplica.Slots} slots each (the engine of docs/simulation.md), with a KV cache of {SimulatedReplica.CacheTokens:#,0} tokens in blocks of {PrefixCache.BlockTokens}: blocks stay until their place is needed, the least recently used first, and need not be read again by a prompt that begins with them.
        Every prompt goes where the gateway would send it: the functions and the memory of prompts' beginnings are the product's own (core/Routing). They see what the gateway sees: the tokens it has sent to each replica and expects of the answer (150), queue and cache use as the metrics told at the last full second, hashes of every 64 tokens (256 bytes).
        Arrivals are a Poisson process for {PromptLoad.Seconds:0} s; what comes in the first {PromptLoad.WarmUpSeconds:0} s is not measured, what comes later is, however late it ends. Lengths are drawn evenly.

        - `system-prompts`: 48 system prompts of 1,000 to 3,000 tokens, chosen by Zipf's law, 50 to 350 tokens of a user, 50 to 250 of output; 30 a second. All of them together fill two of the four caches.
        - `conversations`: 3 to 10 turns; 200 to 1,000 tokens first, 50 to 250 in later turns, 100 to 300 of output, 10 s between them on average; 2.5 begin in a second. Every prompt holds all that was said before.
        - `unshared`: 200 to 2,000 tokens that nobody else sends; 18 a second.
        - `hot-prefix`: 60 % of 45 prompts a second begin with the same system prompt, the others with one of 23: more than one replica can serve.

        `prefix` is the default; `prefix-no-hatch` is the same function without a sight of the load, so that it never leaves a favourite. `hit-rate`: input tokens found in a cache. `work` is what a replica computes, input read and output made: the busiest over the mean, and Jain's index (Σx)² ÷ n·Σx², which is 1 when all do the same.
        """;

    public override IEnumerable<Figure> Measure(IReadOnlyDictionary<string, RunLog> runs) => throw new NotSupportedException("The seed is needed to draw the prompts.");

    public override IEnumerable<Figure> Measure(int seed, IReadOnlyDictionary<string, RunLog> runs) => PromptLoad.All.SelectMany(load => Measure(load, seed));

    private static IEnumerable<Figure> Measure(PromptLoad load, int seed)
    {
        var runs = s_policies.ToDictionary(policy => policy.Name, policy => RoutingRun.Play(policy, load, seed));
        foreach (var (policy, run) in runs)
        {
            var variant = $"{policy}@{load.Name}";
            yield return new(variant, "hit-rate", 100 * run.HitRate, "%");
            yield return new(variant, "ttft-p50", 1_000 * run.FirstToken(0.5), "ms");
            yield return new(variant, "ttft-p99", 1_000 * run.FirstToken(0.99), "ms");
            yield return new(variant, "work-max-to-mean", run.MostToMean, "of the mean");
            yield return new(variant, "work-jain", run.Jain, "of 1");
            if (!policy.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            yield return new(variant, "hit-rate-over-others", 100 * (run.HitRate - runs.Where(other => !other.Key.StartsWith(Prefix, StringComparison.Ordinal)).Max(other => other.Value.HitRate)), "points");
            yield return new(variant, "ttft-p99-to-least-loaded", run.FirstToken(0.99) / runs[LeastLoaded].FirstToken(0.99), "of that");
        }
    }

    public override IEnumerable<(string File, Chart Chart)> Draw(IReadOnlyDictionary<string, RunLog> runs)
    {
        var panels = PromptLoad.All.Select(load => new Panel(load.Name, [.. s_policies.Index().Select(policy =>
        {
            var run = RoutingRun.Play(policy.Item, load, seed: 1);
            return new Curve(policy.Item.Name, [.. Enumerable.Range(1, 99).Select(percent => new Dot(percent, 1_000 * run.FirstToken(percent / 100.0)))], policy.Index);
        })]));
        yield return ("replicas-ttft", new("Time to first token by share of prompts", "seed 1", "% of prompts", "ms", [.. panels], 2));
    }
}
