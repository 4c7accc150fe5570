using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>When a refused client is told to come back.</summary>
public sealed class RetryAfterTests
{
    private static readonly QueueBounds s_keeping = new(KeepPromises: true);

    private static PoolScenario Keeping(PoolScenario pool) => pool.Given(new ConfigurePool(pool.State.Settings! with { Queue = s_keeping }));

    [Fact]
    public void Is_never_less_than_a_second() =>
        Assert.Equal(1_000, Elastic().Given(Admit(1, "e", 1_000)).When(Admit(2, "e", 1)).ThenRefuses(DenialReason.TokensExceeded).RetryAfterMs);

    [Fact]
    public void Is_exact_for_the_entitlements_bucket()
    {
        var pool = Elastic().Given(Admit(1, "e", 1_000));
        Assert.Equal(5_510, pool.When(Admit(2, "e", 551)).ThenRefuses(DenialReason.TokensExceeded).RetryAfterMs);
        pool.At(5.509999).When(Admit(2, "e", 551)).ThenRefuses(DenialReason.TokensExceeded);
        pool.At(5.51).When(Admit(2, "e", 551)).ThenAdmits();
    }

    [Fact]
    public void Is_exact_for_the_pools_bucket()
    {
        var pool = AllClasses().Given(Admit(1, "e", 300));
        Assert.Equal(2_500, pool.When(Admit(2, "s", 200)).ThenRefuses(DenialReason.PoolExhausted).RetryAfterMs);
        pool.At(2.499999).When(Admit(2, "s", 200)).ThenRefuses(DenialReason.PoolExhausted);
        pool.At(2.5).When(Admit(2, "s", 200)).ThenAdmits();
    }

    [Fact]
    public void Is_the_sooner_of_its_floor_and_the_surplus_for_a_dedicated_entitlement()
    {
        // The surplus is 2,600 short and fills by 40/s; its own bucket has 100 again after 100/30 s.
        var pool = AllClasses().Given(Admit(1, "s", 3_000), Admit(2, "d", 300));
        Assert.Equal(3_334, pool.When(Admit(3, "d", 100)).ThenRefuses(DenialReason.PoolExhausted).RetryAfterMs);
        pool.At(3.334).When(Admit(3, "d", 100)).ThenAdmits();
    }

    [Fact]
    public void Is_rounded_up_to_the_millisecond_in_which_there_will_be_room()
    {
        var pool = new PoolScenario().Given(Configure(tokens: 3), Grant("e", ServiceClass.Elastic), Admit(1, "e", 30));
        Assert.Equal(1_334, pool.When(Admit(2, "e", 4)).ThenRefuses(DenialReason.TokensExceeded).RetryAfterMs);
        pool.At(1.334).When(Admit(2, "e", 4)).ThenAdmits();
    }

    [Fact]
    public void For_a_sequence_is_the_mean_time_one_is_held_shared_by_those_in_flight()
    {
        var pool = AllClasses().Given(Admit(1, "g", 1)).At(30).Given(Settle(1, 1, 0), Admit(2, "g", 1), Admit(3, "g", 1), Admit(4, "g", 1));
        Assert.Equal(10_000, pool.When(Admit(5, "g", 1)).ThenRefuses(DenialReason.ConcurrencyExceeded).RetryAfterMs);
    }

    [Fact]
    public void Where_promises_are_kept_a_sequence_comes_when_the_oldest_in_flight_will_have_lasted_the_mean_time()
    {
        var pool = Keeping(AllClasses()).Given(Admit(1, "g", 1)).At(30).Given(Settle(1, 1, 0), Admit(2, "g", 1)).At(31).Given(Admit(3, "g", 1)).At(32).Given(Admit(4, "g", 1));
        Assert.Equal(28_000, pool.When(Admit(5, "g", 1)).ThenRefuses(DenialReason.ConcurrencyExceeded).RetryAfterMs);
    }

    [Fact]
    public void Where_promises_are_kept_requests_that_overrun_are_reckoned_from_how_often_one_ends()
    {
        var pool = Keeping(AllClasses()).Given(Admit(1, "g", 1)).At(30).Given(Settle(1, 1, 0), Admit(2, "g", 1), Admit(3, "g", 1), Admit(4, "g", 1)).At(100);
        Assert.Equal((1.15 + 1.5) * 10_000, pool.When(Admit(5, "g", 1)).ThenRefuses(DenialReason.ConcurrencyExceeded).RetryAfterMs);
    }

    [Fact]
    public void Is_another_moment_for_each_who_is_refused_where_promises_are_kept()
    {
        var pool = Keeping(Elastic()).Given(Admit(1, "e", 1_000));
        Assert.Equal([2_000, 4_000, 6_000], Enumerable.Range(2, 3).Select(i => pool.When(Admit(i, "e", 200)).ThenRefuses(DenialReason.TokensExceeded).RetryAfterMs));
        var slots = new PoolScenario().Given(Configure(sequences: 2, queue: s_keeping), Grant("e", ServiceClass.Elastic), Admit(1, "e")).At(10).Given(Release(1, "e"), Admit(2, "e"), Admit(3, "e"));
        var told = Enumerable.Range(4, 5).Select(i => slots.When(Admit(i, "e")).ThenRefuses(DenialReason.ConcurrencyExceeded).RetryAfterMs).ToList();
        Assert.Equal(told.Distinct().Order(), told);
    }

    [Fact]
    public void A_client_that_comes_too_early_is_told_its_time_again()
    {
        var pool = Keeping(Elastic()).Given(Admit(1, "e", 1_000));
        Assert.Equal(5_000, pool.When(Admit(2, "e", 500)).ThenRefuses(DenialReason.TokensExceeded).RetryAfterMs);
        Assert.Equal(7_000, pool.When(Admit(3, "e", 200)).ThenRefuses(DenialReason.TokensExceeded).RetryAfterMs);
        Assert.Equal(3_000, pool.At(2).When(Admit(2, "e", 500)).ThenRefuses(DenialReason.TokensExceeded).RetryAfterMs);
        Assert.Equal(1_000, pool.At(4.5).When(Admit(2, "e", 500)).ThenRefuses(DenialReason.TokensExceeded).RetryAfterMs);
        Assert.Equal([5.0, 7.0], pool.State.Returns.InTime.Select(told => (told.At - PoolScenario.Start).TotalSeconds));
        pool.At(5).When(Admit(2, "e", 500)).ThenAdmits();
    }

    [Fact]
    public void Room_is_kept_for_whoever_was_told_once_its_clients_are_known_to_come_back()
    {
        var pool = Keeping(Elastic()).Given(Admit(1, "e", 1_000));
        pool.When(Admit(2, "e", 500)).ThenRefuses(DenialReason.TokensExceeded);
        // Nothing is known of its clients yet.
        pool.At(4).When(Admit(3, "e", 100)).ThenAdmits();
        pool.At(6).When(Admit(2, "e", 500)).ThenAdmits();
        Assert.Equal(1, pool["e"].Returns);
        Assert.Equal(5_000, pool.When(Admit(4, "e", 500)).ThenRefuses(DenialReason.TokensExceeded).RetryAfterMs);
        Assert.Equal(2_000, pool.At(10).When(Admit(5, "e", 100)).ThenRefuses(DenialReason.LowPriority).RetryAfterMs);
        pool.At(11).When(Admit(4, "e", 500)).ThenAdmits();
        pool.At(12).When(Admit(5, "e", 100)).ThenAdmits();
    }

    [Fact]
    public void Room_is_not_kept_for_longer_than_a_client_may_be_late()
    {
        var pool = Keeping(Elastic()).Given(Admit(1, "e", 1_000));
        pool.When(Admit(2, "e", 500)).ThenRefuses(DenialReason.TokensExceeded);
        pool.At(5).Given(Admit(2, "e", 500)).When(Admit(3, "e", 500)).ThenRefuses(DenialReason.TokensExceeded);
        pool.At(12).When(Admit(4, "e", 500)).ThenRefuses(DenialReason.LowPriority);
        pool.At(12.000001).When(Admit(5, "e", 500)).ThenAdmits();
        pool.When(Admit(6, "e", 500)).ThenRefuses(DenialReason.TokensExceeded);
        Assert.Equal(0.9, pool["e"].Returns!.Value, 9);
    }

    /// <summary>Two requests of 300 tokens in the mean, at 50 tokens/s each: half of them are through in 3 s.</summary>
    [Fact]
    public void Before_any_request_has_ended_rests_on_the_speed_of_a_full_pool() =>
        Assert.Equal(3_000, new PoolScenario().Given(Configure(tokens: 100, sequences: 2), Grant("e", ServiceClass.Elastic), Admit(1, "e", 400), Admit(2, "e", 200))
            .When(Admit(3, "e", 100)).ThenRefuses(DenialReason.ConcurrencyExceeded).RetryAfterMs);

    [Fact]
    public void The_mean_hold_is_the_mean_of_the_first_hundred_and_then_gives_the_newest_a_hundredth()
    {
        var pool = Elastic().Given(Admit(1, "e")).At(10).Given(Settle(1, 1, 1), Admit(2, "e")).At(40).Given(Settle(2, 1, 1));
        Assert.Equal(TimeSpan.FromSeconds(20), pool["e"].MeanHold);
        for (var i = 3; i <= 100; i++) pool.Given(Admit(i, "e", 0)).At(20 + i * 20).Given(Settle(i, 0, 0));
        Assert.InRange(pool["e"].MeanHold!.Value.TotalSeconds, 19.9, 20.7);
        var mean = pool["e"].MeanHold!.Value;
        pool.Given(Admit(101, "e", 0)).At(2_020 + 220).Given(Settle(101, 0, 0));
        Assert.Equal(mean + (TimeSpan.FromSeconds(220) - mean) / 100, pool["e"].MeanHold);
    }

    [Fact]
    public void For_kv_bytes_is_the_share_of_what_it_holds_that_must_end()
    {
        // 1,500 of the 3,000 bytes held must end.
        var pool = new PoolScenario().Given(Configure(), Grant("s", Spot), Grant("g", Guaranteed, 60, 4_000, 5), Admit(1, "g", 3_000)).At(200);
        Assert.Equal(150_000, pool.When(Admit(2, "g", 2_500)).ThenRefuses(DenialReason.KvExceeded).RetryAfterMs);
    }

    [Fact]
    public void Headroom_tells_limits_what_remains_and_when_it_is_back()
    {
        var pool = AllClasses();
        Assert.Equal(new Headroom(3, 2, TimeSpan.FromSeconds(1), 300, 200, TimeSpan.FromSeconds(100.0 / 30)), pool.When(Admit(1, "g", 100)).ThenAnswers<Admitted>().Headroom);
        Assert.Equal(new Headroom(3, 2, TimeSpan.FromSeconds(1), 300, 200, TimeSpan.FromMicroseconds(3_333_334)), pool.When(Admit(2, "g", 3_001)).ThenAnswers<Denied>().Headroom);
    }
}
