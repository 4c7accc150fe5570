using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>When a refused client is told to come back.</summary>
public sealed class RetryAfterTests
{
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
    public void For_a_sequence_of_which_nothing_is_known_yet_rests_on_the_lease() =>
        Assert.Equal(100_000, AllClasses().Given(Admit(1, "g", 1), Admit(2, "g", 1), Admit(3, "g", 1)).When(Admit(4, "g", 1)).ThenRefuses(DenialReason.ConcurrencyExceeded).RetryAfterMs);

    [Fact]
    public void The_mean_hold_gives_the_newest_a_tenth()
    {
        var pool = Elastic().Given(Admit(1, "e")).At(10).Given(Settle(1, 1, 1), Admit(2, "e")).At(40).Given(Settle(2, 1, 1));
        Assert.Equal(TimeSpan.FromSeconds(12), pool["e"].MeanHold);
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
