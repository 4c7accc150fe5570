using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>Requests that wait for capacity: who may, in which order they go, and how a wait ends.</summary>
public sealed class WaitingTests
{
    private const long Wait = 20_000;

    /// <summary>A pool of two sequences, both taken by `e` (requests 1 and 2), with another elastic entitlement `f` and a spot one `s`.</summary>
    private static PoolScenario Full(QueueOrder order = QueueOrder.Fifo, int places = 4) => new PoolScenario().Given(
        Configure(sequences: 2, queue: new(order, places, 30_000)), Grant("e", ServiceClass.Elastic), Grant("f", ServiceClass.Elastic), Grant("s", Spot), Admit(1, "e"), Admit(2, "e"));

    [Fact]
    public void A_request_without_room_waits_until_there_is_some()
    {
        var pool = Full();
        pool.When(Admit(3, "f", 10, 5, Wait))
            .Then(new RequestQueued(PoolScenario.Pool, Id(3), new("f"), new("tenant"), 10, 5, null, 15, PoolScenario.Start.AddSeconds(20)))
            .ThenAnswers(new Waits(Id(3), PoolScenario.Start.AddSeconds(20)));
        pool.At(1).When(new Drain()).Then();
        pool.At(2).Given(Release(1, "e")).When(new Drain()).ThenAdmits();
        Assert.Equal((0, 2), (pool.State.Waiting.Count, pool.State.Held.Sequences));
        pool.When(new Drain()).Then();
    }

    [Fact]
    public void Waiting_never_takes_longer_than_the_pool_allows() =>
        Full().When(Admit(3, "f", wait: 100_000)).ThenAnswers(new Waits(Id(3), PoolScenario.Start.AddSeconds(30)));

    [Fact]
    public void A_request_that_does_not_wait_is_refused_as_ever() => Full().When(Admit(3, "f")).ThenRefuses(DenialReason.PoolExhausted);

    [Theory]
    [InlineData(10_001, DenialReason.NeverFits)]
    [InlineData(10, DenialReason.NoCapacity)]
    public void What_time_does_not_cure_is_answered_at_once(long tokens, DenialReason reason)
    {
        var pool = Full();
        if (reason == DenialReason.NoCapacity) pool.Given(new ApplyCapacity(0, 1));
        pool.When(Admit(3, "f", tokens, wait: Wait)).ThenRefuses(reason);
    }

    [Fact]
    public void Whoever_is_not_entitled_does_not_wait()
    {
        var pool = Full().Given(Revoke("f"));
        Assert.Equal(Rejection.EntitlementNotBound, pool.When(Admit(3, "f", wait: Wait)).ThenAnswers<Rejected>().Kind);
    }

    [Fact]
    public void A_wait_ends_at_its_deadline()
    {
        var pool = Full().Given(Admit(3, "f", wait: Wait)).At(19.999999);
        pool.When(new Drain()).Then();
        Assert.True(pool.At(20).When(new Drain()).ThenRefuses(DenialReason.WaitExpired).RetryAfterMs >= 1_000);
        Assert.Equal(0, pool.State.Waiting.Count);
    }

    [Fact]
    public void Room_that_comes_with_the_deadline_is_still_given()
    {
        var pool = Full().Given(Admit(3, "f", wait: Wait)).At(20).Given(Release(1, "e"));
        pool.When(new Drain()).ThenAdmits();
    }

    [Fact]
    public void A_wait_ends_with_the_entitlement()
    {
        var pool = Full().Given(Admit(3, "f", wait: Wait), Revoke("f"));
        Assert.Equal(0, pool.When(new Drain()).ThenRefuses(DenialReason.EntitlementNotBound).RetryAfterMs);
    }

    [Fact]
    public void A_client_that_goes_leaves_its_place()
    {
        var pool = Full().Given(Admit(3, "f", wait: Wait));
        pool.When(Leave(3, "e")).Then();
        pool.When(Leave(3, "f")).Then(new WaitAbandoned(PoolScenario.Pool, Id(3), new("f")));
        pool.When(Leave(3, "f")).Then();
        pool.Given(Release(1, "e")).When(new Drain()).Then();
    }

    [Fact]
    public void The_same_request_again_waits_along_and_another_with_its_id_does_not()
    {
        var pool = Full().Given(Admit(3, "f", 10, 5, Wait)).At(5);
        pool.When(Admit(3, "f", 10, 5, Wait)).Then().ThenAnswers(new Waits(Id(3), PoolScenario.Start.AddSeconds(20)));
        Assert.Equal(Rejection.NotYours, pool.When(Admit(3, "f", 11, 5, Wait)).ThenAnswers<Rejected>().Kind);
        Assert.Equal(Rejection.NotYours, pool.When(Admit(3, "e", 10, 5, Wait)).ThenAnswers<Rejected>().Kind);
        Assert.Equal(1, pool.State.Waiting.Count);
    }

    [Fact]
    public void A_newcomer_does_not_overtake_whoever_waits_for_the_pool()
    {
        // Two of three sequences are free, but the first in the row needs more KV bytes than are.
        var pool = new PoolScenario().Given(
            Configure(sequences: 3, tokens: 10_000, queue: new(QueueOrder.Fifo)), Grant("e", ServiceClass.Elastic), Grant("f", ServiceClass.Elastic), Admit(1, "e", 6_000), Admit(2, "f", 6_000, wait: Wait));
        pool.When(Admit(3, "e")).ThenRefuses(DenialReason.LowPriority);
        pool.Given(Admit(4, "e", wait: Wait)).When(new Drain()).Then();
        pool.Given(Release(1, "e")).When(new Drain()).ThenAdmits();
        Assert.Equal(Id(2), Assert.Single(pool.State.Open).Key);
        pool.When(new Drain()).ThenAdmits();
    }

    [Fact]
    public void A_floor_is_not_held_up_by_those_who_wait_for_the_shared_room()
    {
        var pool = new PoolScenario().Given(
            Configure(sequences: 3, queue: new(QueueOrder.Fifo)), Grant("g", Guaranteed, 30, 3_000, 1), Grant("e", ServiceClass.Elastic), Admit(1, "e"), Admit(2, "e"), Admit(3, "e", wait: Wait));
        pool.When(Admit(4, "g")).ThenAdmits();
    }

    [Fact]
    public void Whoever_is_at_its_own_limits_holds_up_its_own_entitlement_alone()
    {
        var pool = new PoolScenario().Given(
            Configure(queue: new(QueueOrder.Fifo)), Grant("e", ServiceClass.Elastic), Grant("f", ServiceClass.Elastic), new ApplyLimits([new(new("e"), new(10, 1_000, 5), 0, 0, 100)], 1),
            Admit(1, "e", 90), Admit(2, "e", 50, wait: Wait));
        pool.When(Admit(3, "f")).ThenAdmits();
        pool.When(Admit(4, "e", 1)).ThenRefuses(DenialReason.LowPriority);
        pool.At(4).When(new Drain()).ThenAdmits();
    }

    [Fact]
    public void A_better_place_goes_before_a_worse_one()
    {
        var pool = Full(QueueOrder.StrictPriority).Given(Admit(3, "s", wait: Wait), Admit(4, "f", wait: Wait)).Given(Release(1, "e"));
        Assert.Equal(Id(4), pool.When(new Drain()).ThenAnswers<Admitted>().Event.Request);
        pool.Given(Release(2, "e")).When(Admit(5, "f")).ThenAdmits();
    }

    [Fact]
    public void A_full_room_gives_the_place_of_the_lightest_to_a_heavier_newcomer()
    {
        var pool = Full(places: 2).Given(Admit(3, "s", wait: Wait), Admit(4, "s", wait: Wait));
        pool.When(Admit(5, "s", wait: Wait)).ThenRefuses(DenialReason.PoolExhausted);
        var events = pool.State.Version;
        pool.When(Admit(6, "f", wait: Wait)).ThenAnswers<Waits>();
        Assert.Equal((events + 2, 2), (pool.State.Version, pool.State.Waiting.Count));
        Assert.Equal((Id(4), DenialReason.LowPriority), pool.History[^1].Data is RequestDenied displaced ? (displaced.Request, displaced.Reason) : default);
        pool.Given(Admit(7, "f", wait: Wait)).When(Admit(8, "f", wait: Wait)).ThenRefuses(DenialReason.PoolExhausted);
    }

    [Fact]
    public void A_pool_without_a_waiting_room_answers_at_once() => Full(places: 0).When(Admit(3, "f", wait: Wait)).ThenRefuses(DenialReason.PoolExhausted);

    [Fact]
    public void The_next_moment_is_a_deadline_or_when_a_bucket_will_hold_enough()
    {
        var pool = Elastic();
        Assert.Null(WaitingDecisions.NextMoment(pool.State, pool.Now));
        pool.Given(Admit(1, "e", 1_000), Admit(2, "e", 400, wait: Wait));
        Assert.Equal(PoolScenario.Start.AddSeconds(4), WaitingDecisions.NextMoment(pool.State, pool.Now));
        pool.At(4).When(new Drain()).ThenAdmits();
        var full = Full().Given(Admit(3, "f", wait: Wait));
        Assert.Equal(PoolScenario.Start.AddSeconds(20), WaitingDecisions.NextMoment(full.State, full.Now));
    }

    [Fact]
    public void A_protected_request_stops_preemptible_ones_when_its_turn_comes()
    {
        var pool = new PoolScenario().Given(
            Configure(sequences: 1, queue: new(QueueOrder.Fifo)), Grant("d", Dedicated, 10, 1_000, 0), Grant("e", ServiceClass.Elastic), Grant("x", Preemptible),
            Admit(1, "e"), Admit(2, "x", wait: Wait), Admit(3, "d", wait: Wait), Release(1, "e"), new Drain());
        pool.When(new Drain());
        Assert.Equal(Id(2), Assert.IsType<ReservationEvicted>(pool.History[^2].Data).Request);
        Assert.Equal(Id(3), pool.ThenAnswers<Admitted>().Event.Request);
    }
}
