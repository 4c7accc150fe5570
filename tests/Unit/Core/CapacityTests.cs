using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>Settings, reported capacity and adjusted limits as they come into the pool.</summary>
public sealed class CapacityTests
{
    [Fact]
    public void Opens_once_and_the_same_settings_again_change_nothing()
    {
        var pool = new PoolScenario();
        pool.When(Configure()).Then(new PoolOpened(PoolScenario.Pool, Configure().Settings)).ThenAnswers(new Done(Created: true, Changed: true));
        pool.When(Configure()).Then().ThenAnswers(new Done(Created: false, Changed: false));
        pool.When(Configure(kv: 5)).Then(new PoolReconfigured(PoolScenario.Pool, Configure(kv: 5).Settings)).ThenAnswers(new Done(Created: false, Changed: true));
    }

    [Fact]
    public void Refuses_settings_that_could_not_keep_what_was_promised() =>
        Assert.Equal(Rejection.NeverFits, new PoolScenario().Given(Configure(), Grant("g", Guaranteed, 50, 1, 1)).When(Configure(tokens: 49)).Then().ThenAnswers<Rejected>().Kind);

    [Fact]
    public void Reported_replicas_outlast_settings_that_do_not_name_others()
    {
        var pool = new PoolScenario().Given(Configure(replicas: 2, most: 4), new ApplyCapacity(3, 1), Configure(replicas: 2, most: 4, lease: 10));
        Assert.Equal(3, pool.State.Replicas);
        pool.Given(Configure(replicas: 1, most: 4, lease: 10));
        Assert.Equal(1, pool.State.Replicas);
    }

    [Fact]
    public void An_older_or_the_same_position_is_not_applied_again()
    {
        var pool = Elastic().Given(new ApplyCapacity(0, 5));
        pool.When(new ApplyCapacity(1, 5)).Then().ThenAnswers(new Done(Created: false, Changed: false));
        pool.When(new ApplyCapacity(1, 4)).Then();
        Assert.Equal(0, pool.State.Replicas);
        pool.Given(new ApplyLimits([Limits("e", 7)], 9));
        pool.When(new ApplyLimits([Limits("e", 8)], 9)).Then();
        Assert.Equal(7, pool["e"].Limits.TokensPerSecond);
    }

    [Fact]
    public void Limits_are_applied_to_those_who_are_served_and_the_rest_is_left_out()
    {
        var pool = Elastic().Given(Grant("gone", Spot), Revoke("gone"));
        pool.When(new ApplyLimits([Limits("e", 7), Limits("gone", 8), Limits("never", 9)], 3))
            .Then(new LimitsApplied(PoolScenario.Pool, 1, 0, 3, [Limits("e", 7)]));
        Assert.Equal((new Capacity(7, 70, 1), 0.1, 0.2, 0.3, 7L), (pool["e"].Limits, pool["e"].Debt, pool["e"].Burst, pool["e"].Weight, pool["e"].Rate.Rate));
        pool.Given(Admit(1, "e", 70)).When(Admit(2, "e", 1)).ThenRefuses(DenialReason.ConcurrencyExceeded);
    }

    [Fact]
    public void After_a_change_of_the_grants_the_static_limits_hold_until_the_next_tick()
    {
        var pool = Elastic().Given(new ApplyLimits([Limits("e", 7)], 3), Grant("g", Guaranteed, 40, 4_000, 4));
        Assert.Equal((new Capacity(60, 6_000, 6), 0.1), (pool["e"].Limits, pool["e"].Debt));
    }

    [Fact]
    public void Lost_capacity_stops_nobody_and_admits_nobody_until_there_is_room()
    {
        var pool = new PoolScenario().Given(Configure(replicas: 2, most: 2), Grant("e", ServiceClass.Elastic));
        for (var i = 1; i <= 15; i++) pool.Given(Admit(i, "e", 10));
        pool.Given(new ApplyCapacity(1, 1));
        Assert.Equal((9_850L, -5), pool.State.RoomFor(pool["e"]));
        pool.When(Admit(20, "e")).ThenRefuses(DenialReason.ConcurrencyExceeded);
        for (var i = 1; i <= 6; i++) pool.Given(Release(i, "e"));
        pool.When(Admit(20, "e")).ThenAdmits();
    }

    [Fact]
    public void Replicas_beyond_the_configured_maximum_do_not_count()
    {
        var pool = new PoolScenario().Given(Configure(replicas: 1, most: 10), new ApplyCapacity(10, 1), Configure(tokens: 1L << 32, kv: 1L << 53, replicas: 1, most: 1));
        Assert.Equal((10, new Capacity(1L << 32, 1L << 53, 10)), (pool.State.Replicas, pool.State.Capacity));
        pool.Given(Configure(replicas: 1, most: 4));
        Assert.Equal(400, pool.State.Capacity.TokensPerSecond);
    }

    private static EntitlementLimits Limits(string name, long tokens) => new(new(name), new(tokens, 70, 1), 0.1, 0.2, 0.3);
}
