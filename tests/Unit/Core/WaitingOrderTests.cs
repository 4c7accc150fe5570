using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The orders in which waiting requests go, one sequence being free at a time.</summary>
public sealed class WaitingOrderTests
{
    private const long Long = 100_000;

    /// <summary>A pool of one sequence that request 1 of `e` holds; three tiers: dedicated `d` (whose baseline has no sequence), elastic `e`, spot `s`.</summary>
    private static PoolScenario Taken(QueueOrder order) => new PoolScenario().Given(
        Configure(sequences: 1, tokens: 1_000, queue: new(order, 64, 600_000)), Grant("d", Dedicated), Grant("e", ServiceClass.Elastic), Grant("s", Spot), Admit(1, "e"));

    /// <summary>Ends one request after the other and tells who came next.</summary>
    private static string Served(PoolScenario pool)
    {
        var served = new List<string>();
        while (pool.State.Waiting.Count > 0)
        {
            var open = pool.State.Open.Values.Single();
            pool.Given(new Release(open.Request, open.Entitlement.Id));
            served.Add(pool.When(new Drain()).ThenAnswers<Admitted>().Event.Entitlement.Value);
        }
        return string.Concat(served);
    }

    [Theory]
    [InlineData(QueueOrder.Fifo, "sdeds")]
    [InlineData(QueueOrder.StrictPriority, "ddess")]
    [InlineData(QueueOrder.WeightedCycle, "dedss")]
    [InlineData(QueueOrder.Ageing, "ddess")]
    [InlineData(QueueOrder.WeightOverCost, "ddess")]
    public void Goes_by(QueueOrder order, string served)
    {
        var pool = Taken(order);
        for (var i = 0; i < 5; i++) pool.At(i / 10.0).Given(Admit(10 + i, "sdeds".Substring(i, 1), 10, wait: Long));
        Assert.Equal(served, Served(pool));
    }

    [Fact]
    public void Shortest_job_goes_by_expected_tokens_and_then_by_arrival()
    {
        var pool = Taken(QueueOrder.ShortestJob).Given(Admit(2, "e", 50, 50, Long), Admit(3, "s", 10, 20, Long), Admit(4, "d", 30, 0, Long), Admit(5, "e", 5, 4, Long));
        Assert.Equal("esde", Served(pool));
    }

    [Fact]
    public void The_weighted_cycle_gives_five_three_and_two_of_ten_turns_whatever_came_first()
    {
        var pool = Taken(QueueOrder.WeightedCycle);
        for (var i = 0; i < 60; i++) pool.Given(Admit(10 + i, "sed".Substring(i / 20, 1), 1, wait: Long));
        var served = Served(pool);
        Assert.Equal("dedsdededs", served[..10]);
        Assert.Equal("dedsdededs", served[10..20]);
        // The dedicated are served after 40 turns; the others then share by their own turns.
        Assert.Equal((20, 12, 8), (served[..40].Count(c => c == 'd'), served[..40].Count(c => c == 'e'), served[..40].Count(c => c == 's')));
    }

    [Fact]
    public void Ageing_is_worth_a_tier_in_a_hundred_seconds()
    {
        var pool = Taken(QueueOrder.Ageing).Given(Admit(2, "s", wait: 600_000)).At(99).Given(Admit(3, "e", wait: 600_000)).At(101).Given(Admit(4, "e", wait: 600_000));
        Assert.Equal("ese", Served(pool));
    }

    [Fact]
    public void Weight_over_cost_is_worth_a_second_for_each_doubling()
    {
        // One of a quarter of the cost goes first unless the other has waited more than two seconds longer.
        var pool = Taken(QueueOrder.WeightOverCost).Given(Admit(2, "e", 80, wait: Long)).At(1.9).Given(Admit(3, "e", 20, wait: Long)).At(2.1).Given(Admit(4, "e", 20, wait: Long));
        var served = new List<RequestId>();
        foreach (var holder in (int[])[1, 3, 2])
        {
            pool.Given(Release(holder, "e"));
            served.Add(pool.When(new Drain()).ThenAnswers<Admitted>().Event.Request);
        }
        Assert.Equal([Id(3), Id(2), Id(4)], served);
    }

    [Fact]
    public void Under_weight_over_cost_nobody_starves()
    {
        // A dear spot request against a stream of cheap dedicated ones, always more than one waiting. Its handicap is log2(1,000 · 500 / 1) doublings at the most, a second each.
        var pool = Taken(QueueOrder.WeightOverCost).Given(Admit(2, "s", 500, wait: 600_000), Admit(3, "d", 1, wait: Long));
        var (seconds, holder) = (0, (Id: Id(1), Of: "e"));
        while (holder.Id != Id(2))
        {
            pool.At(++seconds).Given(Admit(100 + seconds, "d", 1, wait: Long), new Release(holder.Id, new(holder.Of)));
            var next = pool.When(new Drain()).ThenAnswers<Admitted>().Event;
            holder = (next.Request, next.Entitlement.Value);
            Assert.True(seconds < 30, "It starves.");
        }
        Assert.InRange(seconds, 15, 21);
    }

    [Fact]
    public void A_change_of_weights_changes_the_places()
    {
        var pool = Taken(QueueOrder.WeightOverCost).Given(
            Grant("f", ServiceClass.Elastic), Admit(2, "e", 30, wait: Long), Admit(3, "f", 30, wait: Long),
            new ApplyLimits([new(new("f"), new(100, 10_000, 1), 0.5, 0, 900)], 1));
        Assert.Equal("fe", Served(pool));
    }
}
