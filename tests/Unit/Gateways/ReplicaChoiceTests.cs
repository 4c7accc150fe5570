using TokenLedger.Core.Routing;
using TokenLedger.Gateway;
using TokenLedger.Gateway.Upstreams;

namespace TokenLedger.Tests.Unit.Gateways;

/// <summary>Which server a request goes to, by each policy.</summary>
public sealed class ReplicaChoiceTests
{
    private static readonly ReplicaLoad s_idle = new(true, 0, 0, 0, 1, 0);
    private static readonly ReplicaLoad s_busy = s_idle with { OutstandingTokens = 10_000 };
    private static readonly ReplicaLoad s_out = s_idle with { Available = false };

    [Fact]
    public void Takes_turns_and_passes_over_those_that_are_out() =>
        Assert.Equal([0, 2, 2, 0], Enumerable.Range(0, 4).Select(turn => Choose(ReplicaPolicy.RoundRobin, (uint)turn, 0, s_idle, s_out, s_idle)));

    [Theory]
    [InlineData(ReplicaPolicy.RoundRobin)]
    [InlineData(ReplicaPolicy.RandomOfTwo)]
    [InlineData(ReplicaPolicy.LeastLoaded)]
    [InlineData(ReplicaPolicy.Prefix)]
    public void Chooses_nobody_when_nobody_is_there(ReplicaPolicy policy)
    {
        Assert.Equal(-1, Choose(policy, 1, 7, s_out, s_out));
        Assert.Equal(-1, Choose(policy, 1, 7));
        Assert.Equal(1, Choose(policy, 0, 7, s_out, s_busy, s_out));
    }

    [Fact]
    public void Takes_the_better_of_two_whatever_the_chance()
    {
        for (uint chance = 0; chance < 1_000; chance++) Assert.Equal(1, Choose(ReplicaPolicy.RandomOfTwo, 0, unchecked(chance * 2_654_435_761u), s_busy, s_idle));
    }

    [Fact]
    public void Goes_on_when_the_turns_begin_again() =>
        Assert.Equal([0, 1], new[] { uint.MaxValue - 1, uint.MaxValue }.Select(turn => Choose(ReplicaPolicy.LeastLoaded, turn, 0, s_idle, s_idle)));

    [Fact]
    public void Comes_to_every_one_by_chance() =>
        Assert.Equal([0, 1, 2], Enumerable.Range(0, 300).Select(i => Choose(ReplicaPolicy.RandomOfTwo, 0, unchecked((uint)i * 2_654_435_761u), s_idle, s_idle, s_idle)).Distinct().Order());

    [Fact]
    public void Takes_the_least_loaded_and_lets_equal_ones_take_turns()
    {
        Assert.Equal(2, Choose(ReplicaPolicy.LeastLoaded, 0, 0, s_busy, s_busy with { OutstandingTokens = 9_999 }, s_idle));
        Assert.Equal([0, 1, 0, 1], Enumerable.Range(0, 4).Select(turn => Choose(ReplicaPolicy.LeastLoaded, (uint)turn, 0, s_idle, s_idle)));
    }

    [Fact]
    public void Weighs_the_queue_the_cache_and_a_slow_start()
    {
        var some = s_idle with { OutstandingTokens = 1_000 };
        Assert.True(ReplicaChoice.Load(some with { Waiting = 2 }) > ReplicaChoice.Load(some));
        Assert.True(ReplicaChoice.Load(some with { KvUsage = 0.5 }) > ReplicaChoice.Load(some));
        Assert.Equal(10 * ReplicaChoice.Load(some), ReplicaChoice.Load(some with { Share = 0.1 }), 6);
    }

    /// <summary>Many short requests can be fewer tokens than a few long ones, and take every slot all the same.</summary>
    [Theory]
    [InlineData(ReplicaPolicy.RandomOfTwo)]
    [InlineData(ReplicaPolicy.LeastLoaded)]
    [InlineData(ReplicaPolicy.Prefix)]
    public void Sends_nobody_to_wait_where_another_has_a_free_slot(ReplicaPolicy policy)
    {
        var full = s_idle with { IsFull = true, MatchedBlocks = 9 };
        Assert.Equal(1, Choose(policy, 0, 0, full, s_busy));
        Assert.Equal(1, Choose(policy, 0, 0, s_busy with { IsFull = true }, full));
    }

    [Fact]
    public void Counts_its_own_requests_against_the_slots()
    {
        var replica = new Replica(new("http://127.0.0.1:1"));
        List<bool> full = [];
        replica.Begin(10);
        full.Add(IsFull());
        replica.Begin(20);
        full.Add(IsFull());
        replica.End(10);
        full.Add(IsFull());
        Assert.Equal([false, true, false], full);

        bool IsFull() => replica.Load(DateTimeOffset.UnixEpoch, new(), 0, slots: 2).IsFull;
    }

    [Fact]
    public void Prefers_the_one_that_has_read_most_of_the_prompt() =>
        Assert.Equal(1, Choose(ReplicaPolicy.Prefix, 0, 0, s_idle, s_idle with { MatchedBlocks = 3, OutstandingTokens = 1_500 }, s_idle with { MatchedBlocks = 1 }));

    /// <summary>What many ask for is soon in several caches: the one with the least to do serves it.</summary>
    [Fact]
    public void Takes_the_less_loaded_of_two_that_have_read_as_much() =>
        Assert.Equal(2, Choose(ReplicaPolicy.Prefix, 0, 0, s_idle, s_idle with { MatchedBlocks = 3, OutstandingTokens = 1_500 }, s_idle with { MatchedBlocks = 3, OutstandingTokens = 1_400 }));

    [Fact]
    public void Leaves_a_favourite_that_is_hot()
    {
        Assert.Equal(0, Choose(ReplicaPolicy.Prefix, 0, 0, s_idle, s_busy with { MatchedBlocks = 9 }));
        Assert.Equal(0, Choose(ReplicaPolicy.Prefix, 0, 0, s_idle, s_idle with { MatchedBlocks = 9, KvUsage = 0.99 }));
        // Both are loaded alike, so nothing is gained elsewhere.
        Assert.Equal(1, Choose(ReplicaPolicy.Prefix, 0, 0, s_busy, s_busy with { MatchedBlocks = 9, OutstandingTokens = 11_000 }));
    }

    [Fact]
    public void Remembers_who_has_read_what_and_forgets_the_oldest()
    {
        var (index, a, b) = (new PrefixIndex<Replica>(4), new Replica(new("http://a")), new Replica(new("http://b")));
        index.Learn(a, [1, 2, 3]);
        Assert.Equal((3, 2, 0, 0), (index.Matched(a, [1, 2, 3, 4]), index.Matched(a, [1, 2, 9]), index.Matched(b, [1, 2, 3]), index.Matched(a, [])));
        index.Learn(b, [7, 8]);
        Assert.Equal((0, 3, 2), (index.Matched(a, [1]), index.Matched(a, [1, 2, 3]), index.Matched(b, [7, 8])));
        index.Learn(b, [3]);
        Assert.Equal((1, 1), (index.Matched(a, [3]), index.Matched(b, [3])));
    }

    [Fact]
    public void Ejects_a_server_that_fails_in_a_row_and_lets_it_back_slowly()
    {
        var (options, now, replica) = (new GatewayOptions { EjectAfter = 2, EjectMs = 1_000, SlowStartMs = 10_000 }, DateTimeOffset.UnixEpoch, new Replica(new("http://a")));
        replica.Failed(now, options);
        replica.Succeeded();
        replica.Failed(now, options);
        Assert.True(replica.Load(now, options, 0, slots: 1).Available);
        replica.Failed(now, options);
        Assert.False(replica.Load(now.AddMilliseconds(999), options, 0, slots: 1).Available);
        Assert.Equal((true, 0.1), (replica.Load(now.AddMilliseconds(1_000), options, 0, slots: 1).Available, replica.Load(now.AddMilliseconds(1_000), options, 0, slots: 1).Share));
        Assert.Equal((0.5, 1.0), (replica.Load(now.AddMilliseconds(6_000), options, 0, slots: 1).Share, replica.Load(now.AddMilliseconds(60_000), options, 0, slots: 1).Share));
    }

    [Fact]
    public void Takes_a_server_out_as_soon_as_it_says_so_and_lets_it_back_slowly()
    {
        var (options, now, replica) = (new GatewayOptions { SlowStartMs = 10_000 }, DateTimeOffset.UnixEpoch, new Replica(new("http://a")));
        replica.Said(refuses: false, now);
        Assert.Equal((true, 1.0), (replica.Load(now, options, 0, slots: 1).Available, replica.Load(now, options, 0, slots: 1).Share));
        replica.Said(refuses: true, now);
        Assert.False(replica.Load(now.AddHours(1), options, 0, slots: 1).Available);
        replica.Said(refuses: true, now.AddHours(1));
        replica.Said(refuses: false, now.AddHours(1).AddSeconds(1));
        Assert.Equal((true, 0.5), (replica.Load(now.AddHours(1).AddSeconds(5), options, 0, slots: 1).Available, replica.Load(now.AddHours(1).AddSeconds(5), options, 0, slots: 1).Share));
    }

    [Fact]
    public void Reads_load_from_metrics_under_the_names_of_vLLM() =>
        Assert.Equal((5, 0.75), HealthLoop.Read("# TYPE vllm:num_requests_waiting gauge\nvllm:num_requests_waiting{model_name=\"m\"} 5.0\nvllm:kv_cache_usage_perc{model_name=\"m\"} 0.75\nother 7\n"));

    private static int Choose(ReplicaPolicy policy, uint turn, uint chance, params ReplicaLoad[] loads) => ReplicaChoice.Choose(policy, loads, turn, chance);
}
