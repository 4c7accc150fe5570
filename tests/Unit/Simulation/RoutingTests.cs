using TokenLedger.Cli.Experiments;
using TokenLedger.Cli.Simulation;
using TokenLedger.Core.Routing;

namespace TokenLedger.Tests.Unit.Simulation;

/// <summary>Replicas with prefix caches in virtual time, and the gateway's choice among them.</summary>
public sealed class RoutingTests
{
    [Fact]
    public void Meets_its_targets()
    {
        var experiment = new Replicas();
        var outcome = ExperimentRunner.Run(experiment, experiment.Variants, 1, () => { }, TestContext.Current.CancellationToken);
        Assert.All(outcome.Rows, row => Assert.False(row.Ok is false, $"{row.Name} is {row.Value}, and not {row.Rule}."));
        Assert.Equal(ExperimentRunner.Targets.Keys.Count(row => row.StartsWith("replicas/", StringComparison.Ordinal)), outcome.Rows.Count(row => row.Ok is not null));
    }

    [Fact]
    public void Is_the_same_for_the_same_seed()
    {
        RoutingRun Play() => RoutingRun.Play(new("two", ReplicaPolicy.RandomOfTwo), PromptLoad.All[1], seed: 3);
        var (one, other) = (Play(), Play());
        Assert.Equal((one.Count, one.HitRate, one.FirstToken(0.99), one.Jain), (other.Count, other.HitRate, other.FirstToken(0.99), other.Jain));
        Assert.True(one.Count > 1_000);
    }

    [Fact]
    public void Blocks_of_a_shared_beginning_have_the_same_names_and_others_have_not()
    {
        var (one, other) = (new Conversation(1, 0, SystemPrompt: 7, SystemTokens: 40, []), new Conversation(2, 0, SystemPrompt: 7, SystemTokens: 40, []));
        Assert.Equal([true, true, false, false], Enumerable.Range(0, 4).Select(i => one.Block(i, 16) == other.Block(i, 16)));
        Assert.Equal(8, Enumerable.Range(0, 4).SelectMany(i => new[] { one.Block(i, 16), one.Block(i, 64) }).Distinct().Count());
    }

    [Fact]
    public void A_cache_finds_what_was_read_and_forgets_what_was_not_used_for_longest()
    {
        var cache = new PrefixCache(6);
        Assert.Equal(0, cache.TryStart([1, 2], total: 3));
        Assert.Equal(2, cache.Read([1, 2], 0));
        // While it runs its blocks are shared, and not given away.
        Assert.Equal((2, 5.0 / 6), (cache.TryStart([1, 2], total: 4), cache.Usage));
        Assert.Null(cache.TryStart([8], total: 2));
        cache.End([1, 2, 3], named: 2, total: 3);
        cache.End([1, 2, 4, 5], named: 2, total: 4);
        Assert.Equal(0, cache.Usage);
        // 1 2 3, 4 5 are there with one place free: of two more that are needed, 3 goes.
        Assert.Equal(0, cache.TryStart([8, 9], total: 2));
        Assert.Equal((4, 2.0 / 6), (Shared(cache, [1, 2, 4, 5]), cache.Usage));
        Assert.Equal(2, Shared(cache, [1, 2, 3]));
    }

    [Fact]
    public void What_two_have_read_at_once_is_kept_once()
    {
        var cache = new PrefixCache(8);
        Assert.Equal((0, 0), (cache.TryStart([1, 2], total: 3), cache.TryStart([1, 2], total: 3)));
        Assert.Equal((2, 0), (cache.Read([1, 2], 0), cache.Read([1, 2], 0)));
        cache.End([1, 2], named: 2, total: 3);
        cache.End([1, 2], named: 0, total: 3);
        Assert.Equal((0.0, 2), (cache.Usage, Shared(cache, [1, 2])));
        Assert.Equal(0, cache.TryStart([5], total: 8));
    }

    [Fact]
    public void An_engine_reads_only_what_is_not_in_its_cache_and_waits_for_room()
    {
        var (clock, firsts) = (new VirtualClock(), new List<double>());
        long? cached = null;
        var engine = new BatchEngine(clock, _ => firsts.Add(clock.Seconds), _ => { }, _ => cached);
        engine.Resize(slots: 1, tokensPerSecond: 100);
        engine.Add(new(new(default, 0, 100, 10, 10, 0)));
        clock.RunUntil(1);
        Assert.Equal((1, 0), (engine.Waiting, engine.Running));
        cached = 60;
        engine.Resize(slots: 1, tokensPerSecond: 100);
        clock.RunUntil(10);
        Assert.Equal([1.4], firsts);
    }

    /// <summary>How many of these blocks a prompt that begins now would find; it leaves nothing behind.</summary>
    private static int? Shared(PrefixCache cache, ulong[] blocks)
    {
        var shared = cache.TryStart(blocks, blocks.Length);
        if (shared is { } named) cache.End(blocks.AsSpan(0, named), named, blocks.Length);
        return shared;
    }
}
