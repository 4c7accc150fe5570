using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>What each class may take, and what nobody takes from it.</summary>
public sealed class ServiceClassTests
{
    [Theory]
    [InlineData("e", "s")]
    [InlineData("e", "x")]
    [InlineData("s", "e")]
    [InlineData("x", "s")]
    public void Idle_floors_are_kept_from_everybody_without_one(string first, string second)
    {
        var pool = AllClasses().Given(Admit(1, first, 1), Admit(2, first, 1), Admit(3, second, 1), Admit(4, second, 1));
        Assert.Equal(6, pool.State.Capacity.Sequences - pool.State.Held.Sequences);
        pool.When(Admit(9, second, 1)).ThenRefuses(DenialReason.PoolExhausted);
    }

    [Fact]
    public void The_idle_floor_of_a_dedicated_entitlement_is_kept_from_a_guaranteed_one_too() =>
        AllClasses().Given(Admit(1, "g", 1), Admit(2, "g", 1), Admit(3, "g", 1)).When(Admit(4, "g", 1)).ThenRefuses(DenialReason.ConcurrencyExceeded);

    [Fact]
    public void A_dedicated_entitlement_bursts_into_the_surplus_and_leaves_the_floors_of_others()
    {
        var pool = AllClasses();
        for (var i = 1; i <= 7; i++) pool.Given(Admit(i, "d", 100));
        Assert.Equal(new Capacity(70, 7_000, 7), pool["d"].Limits);
        pool.When(Admit(8, "d", 1)).ThenRefuses(DenialReason.ConcurrencyExceeded);
        pool.When(Admit(8, "s", 1)).ThenRefuses(DenialReason.PoolExhausted);
        for (var i = 11; i <= 13; i++) pool.Given(Admit(i, "g", 100));
    }

    [Theory]
    [InlineData("s")]
    [InlineData("x")]
    [InlineData("e")]
    public void Traffic_without_a_floor_touches_no_floor_in_any_dimension(string entitlement)
    {
        // 4 sequences of 100 tokens and 1,000 KV bytes each are all the surplus there is: 400 tokens, 4,000 bytes, 4 sequences.
        var pool = AllClasses(kvPerToken: 10);
        for (var i = 1; i <= 4; i++) pool.Given(Admit(i, entitlement, 100));
        Assert.Equal(0, pool.State.Surplus.TokensAt(pool.Now));
        for (var i = 11; i <= 13; i++) pool.Given(Admit(i, "g", 100), Admit(10 + i, "d", 100));
        Assert.Equal(new Resources(1_000, 10_000, 10), pool.State.Held);
        pool.When(Admit(99, "g", 1)).ThenRefuses(DenialReason.ConcurrencyExceeded);
    }

    [Fact]
    public void A_guaranteed_entitlement_is_refused_only_above_its_own_baseline_though_the_pool_is_empty()
    {
        var pool = AllClasses().Given(Admit(1, "g", 300));
        pool.When(Admit(2, "g", 1)).ThenRefuses(DenialReason.TokensExceeded);
        Assert.Equal(new Capacity(30, 3_000, 3), pool["g"].Limits);
    }

    [Theory]
    [InlineData("e")]
    [InlineData("s")]
    [InlineData("x")]
    public void Elastic_spot_and_preemptible_may_use_all_that_the_floors_leave(string entitlement)
    {
        var pool = AllClasses();
        Assert.Equal(new Capacity(40, 4_000, 4), pool[entitlement].Limits);
        for (var i = 1; i <= 4; i++) pool.Given(Admit(i, entitlement, 100));
    }

    [Fact]
    public void A_degraded_floor_is_nobodys_loss_and_is_served_from_the_surplus()
    {
        var pool = new PoolScenario().Given(Configure(replicas: 2, most: 2), Grant("g", Guaranteed, 150, 15_000, 15), Grant("e", ServiceClass.Elastic), new ApplyCapacity(1, 1));
        Assert.Equal(EntitlementState.Degraded, pool["g"].State);
        Assert.Equal(new Capacity(100, 10_000, 10), pool["g"].Limits);
        for (var i = 1; i <= 10; i++) pool.Given(Admit(i, "e", 1));
        pool.When(Admit(11, "g", 1)).ThenRefuses(DenialReason.PoolExhausted);
    }

    [Fact]
    public void A_request_dearer_than_the_bucket_of_a_dedicated_floor_is_slowed_and_not_locked_out()
    {
        var pool = new PoolScenario().Given(Configure(), Grant("d", Dedicated, 100, 10_000, 10));
        Assert.Equal(0, pool.State.Surplus.Rate);
        pool.Given(Admit(1, "d", 4_000));
        pool.When(Admit(2, "d", 4_000)).ThenRefuses(DenialReason.TokensExceeded);
        pool.At(40).When(Admit(2, "d", 4_000)).ThenAdmits();
    }

    [Fact]
    public void Spot_that_keeps_the_surplus_empty_does_not_lock_out_a_dear_request_of_a_dedicated_floor()
    {
        var pool = AllClasses().Given(Admit(1, "s", 400));
        pool.When(Admit(2, "d", 600)).ThenAdmits();
        Assert.Equal((-300L, 0L), (pool["d"].Baseline.TokensAt(pool.Now), pool.State.Surplus.TokensAt(pool.Now)));
    }

    [Fact]
    public void Beyond_its_own_bucket_a_dedicated_entitlement_draws_on_the_surplus_and_gives_that_back_first()
    {
        var pool = AllClasses().Given(Admit(1, "d", 200), Admit(2, "d", 250));
        Assert.Equal((0L, 250L), (pool["d"].Baseline.TokensAt(pool.Now), pool.State.Surplus.TokensAt(pool.Now)));
        pool.Given(Release(2, "d"));
        Assert.Equal((100L, 400L), (pool["d"].Baseline.TokensAt(pool.Now), pool.State.Surplus.TokensAt(pool.Now)));
    }
}
