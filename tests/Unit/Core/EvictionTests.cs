using TokenLedger.Contracts;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>When running preemptible requests are stopped, which, and when not.</summary>
public sealed class EvictionTests
{
    [Fact]
    public void Stops_the_lowest_weight_first_and_of_that_the_newest()
    {
        var pool = Full();
        Assert.True(pool["slow"].Weight < pool["quick"].Weight);
        foreach (var (request, victim, owner) in new[] { (21, 8, "slow"), (22, 7, "slow"), (23, 10, "quick") })
            pool.At(request).When(Admit(request, "g", 10)).Then(Evicted(victim, owner, 10, request), Admitted(pool, request, 10));
        Assert.Equal(new Totals(30, 30, 3), pool.State.Account.Evicted);
    }

    [Fact]
    public void Stops_as_many_as_are_needed_in_one_decision()
    {
        var pool = new PoolScenario().Given(Configure(), Grant("x", Preemptible));
        for (var i = 1; i <= 4; i++) pool.At(i * 30).Given(Admit(i, "x", 2_500));
        pool.At(200).Given(Grant("g", Guaranteed, 60, 6_000, 6));
        pool.When(Admit(9, "g", 5_001)).Then(Evicted(4, "x", 2_500, 9), Evicted(3, "x", 2_500, 9), Evicted(2, "x", 2_500, 9), Admitted(pool, 9, 5_001));
    }

    [Theory]
    [InlineData(ServiceClass.Elastic)]
    [InlineData(Spot)]
    [InlineData(Preemptible)]
    public void Stops_nothing_for_a_class_that_is_not_protected(ServiceClass serviceClass) =>
        Full().Given(Grant("other", serviceClass)).When(Admit(99, "other", 1)).ThenRefuses(DenialReason.PoolExhausted);

    [Fact]
    public void Stops_nothing_when_that_would_not_make_enough_room()
    {
        var pool = new PoolScenario().Given(Configure(), Grant("e", ServiceClass.Elastic), Grant("x", Preemptible), Admit(1, "x", 500))
            .At(100).Given(Admit(2, "e", 8_000)).At(300).Given(Renew(1, "x"), Grant("g", Guaranteed, 30, 3_000, 3));
        pool.When(Admit(3, "g", 2_001)).ThenRefuses(DenialReason.PoolExhausted);
        pool.When(Admit(3, "g", 2_000)).Then(Evicted(1, "x", 500, 3), Admitted(pool, 3, 2_000));
    }

    [Fact]
    public void Stops_nothing_when_the_tokens_given_back_only_pay_a_part_of_a_debt()
    {
        var pool = AllClasses().Given(Admit(1, "x", 100)).At(10).Given(Admit(2, "s", 3_000), Admit(3, "d", 300));
        Assert.Equal(-2_600, pool.State.Surplus.TokensAt(pool.Now));
        pool.When(Admit(4, "d", 100)).ThenRefuses(DenialReason.PoolExhausted);
    }

    [Fact]
    public void Stops_a_request_for_the_tokens_that_it_gives_back()
    {
        var pool = AllClasses().Given(Admit(1, "x", 400), Admit(2, "d", 300));
        pool.When(Admit(3, "d", 350)).Then(Evicted(1, "x", 400, 3), Admitted(pool, 3, 350, "d"));
        Assert.Equal(50, pool.State.Surplus.TokensAt(pool.Now));
    }

    [Fact]
    public void Leaves_elastic_and_spot_requests_running()
    {
        var pool = new PoolScenario().Given(Configure(), Grant("e", ServiceClass.Elastic), Grant("s", Spot));
        for (var i = 1; i <= 10; i++) pool.Given(Admit(i, i % 2 == 0 ? "e" : "s", 1));
        pool.Given(Grant("g", Guaranteed, 30, 3_000, 3)).When(Admit(11, "g", 1)).ThenRefuses(DenialReason.PoolExhausted);
    }

    /// <summary>Ten preemptible requests fill the sequences: 7 and 8 of a slow entitlement, the rest of a quick one; then a floor of three is granted.</summary>
    private static PoolScenario Full()
    {
        var pool = new PoolScenario().Given(Configure(), Grant("quick", Preemptible, slo: 100), Grant("slow", Preemptible, slo: 10_000));
        for (var i = 1; i <= 10; i++) pool.At(i).Given(Admit(i, i is 7 or 8 ? "slow" : "quick", 10));
        return pool.Given(Grant("g", Guaranteed, 30, 3_000, 3));
    }

    private static ReservationEvicted Evicted(int victim, string owner, long tokens, int beneficiary) =>
        new(PoolScenario.Pool, Id(victim), new(owner), new(tokens, tokens, 1), Id(beneficiary));

    private static RequestAdmitted Admitted(PoolScenario pool, int request, long tokens, string owner = "g") =>
        new(PoolScenario.Pool, Id(request), new(owner), new("tenant"), tokens, 0, null, 0, new(tokens, tokens, 1), pool[owner].Weight, pool.Now.AddSeconds(300));
}
