using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.EntitlementState;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>What a grant is worth: by the calendar, by the capacity, and by who came first.</summary>
public sealed class BindingTests
{
    private static PoolScenario UpTo(int most, int replicas = 1) => new PoolScenario().Given(Configure(replicas: replicas, most: most));

    [Fact]
    public void A_grant_that_fits_is_bound_at_once()
    {
        var pool = UpTo(1);
        pool.When(Grant("g", Guaranteed, 100, 10_000, 10)).Then(
            new EntitlementGranted(PoolScenario.Pool, new("g"), Terms(Guaranteed, 100, 10_000, 10)), Changed("g", Pending, Bound)).ThenAnswers(new Done(Created: true, Changed: true));
    }

    [Fact]
    public void A_grant_that_fits_only_the_largest_pool_is_degraded() =>
        UpTo(2).Given(Grant("g", Guaranteed, 60, 1, 1)).When(Grant("h", Dedicated, 60, 1, 1)).Then(
            new EntitlementGranted(PoolScenario.Pool, new("h"), Terms(Dedicated, 60, 1, 1)), Changed("h", Pending, Degraded));

    [Theory]
    [InlineData(101, 1, 1)]
    [InlineData(1, 10_001, 1)]
    [InlineData(1, 1, 11)]
    public void A_grant_that_can_never_fit_is_refused_in_whichever_dimension(long tokens, long kv, int sequences)
    {
        foreach (var serviceClass in new[] { Dedicated, Guaranteed, ServiceClass.Elastic })
            Assert.Equal(Rejection.NeverFits, UpTo(1).When(Grant("g", serviceClass, tokens, kv, sequences)).Then().ThenAnswers<Rejected>().Kind);
    }

    [Fact]
    public void A_grant_that_does_not_fit_beside_the_others_is_refused_also_when_those_are_yet_to_begin()
    {
        var pool = UpTo(1).Given(Grant("g", Guaranteed, 50, 1, 1), Grant("h", Guaranteed, 30, 1, 1, from: 1_000));
        Assert.Equal(Rejection.NeverFits, pool.When(Grant("i", Guaranteed, 21, 1, 1)).Then().ThenAnswers<Rejected>().Kind);
        pool.Given(Grant("i", Guaranteed, 20, 1, 1));
    }

    /// <summary>40 and 50 are promised of the 200 that two replicas have; 120 more would take three.</summary>
    [Theory]
    [InlineData(120, 1, 1, 210, 3, 3, 3)]
    [InlineData(1, 20_001, 1, 91, 20_003, 3, 3)]
    [InlineData(1, 1, 39, 91, 3, 41, 5)]
    public void A_refused_grant_is_told_what_would_be_needed(long tokens, long kv, int sequences, long allTokens, long allKv, int allSequences, int replicas)
    {
        var pool = UpTo(2).Given(Grant("a", Guaranteed, 40, 1, 1), Grant("b", Dedicated, 50, 1, 1), Grant("e", ServiceClass.Elastic, 100, 1, 1));
        var rejected = pool.When(Grant("c", Guaranteed, tokens, kv, sequences)).Then().ThenAnswers<Rejected>();
        Assert.Equal(new Shortage(new(allTokens, allKv, allSequences), new(200, 20_000, 20), replicas, MaxReplicas: 2), rejected.Shortage);
        Assert.Contains($"It would take {replicas} replicas, and scaling.maxReplicas is 2.", rejected.Detail, StringComparison.Ordinal);
        // The same as an amendment of what was promised before: its own old part does not count.
        Assert.Equal(new(allTokens - 40, allKv - 1, allSequences - 1), pool.When(Grant("a", Guaranteed, tokens, kv, sequences)).Answer is Rejected amended ? amended.Shortage!.Needed : pool.State.Committed);
    }

    [Fact]
    public void An_elastic_baseline_is_judged_by_itself() =>
        Assert.Equal(new Shortage(new(201, 1, 1), new(200, 20_000, 20), ReplicasNeeded: 3, MaxReplicas: 2), UpTo(2).Given(Grant("a", Guaranteed, 150, 1, 1)).When(Grant("e", ServiceClass.Elastic, 201, 1, 1)).Then().ThenAnswers<Rejected>().Shortage);

    [Fact]
    public void Settings_that_cannot_keep_what_was_promised_are_told_what_they_would_need() =>
        Assert.Equal(
            new Shortage(new(250, 1, 1), new(200, 20_000, 20), ReplicasNeeded: 3, MaxReplicas: 2),
            UpTo(3).Given(Grant("a", Guaranteed, 250, 1, 1)).When(Configure(most: 2)).Then().ThenAnswers<Rejected>().Shortage);

    [Fact]
    public void An_elastic_baseline_promises_nothing_that_must_fit_beside_others() =>
        UpTo(1).Given(Grant("g", Guaranteed, 100, 10_000, 10), Grant("e", ServiceClass.Elastic, 100, 10_000, 10)).When(new Sweep()).Then();

    [Fact]
    public void The_calendar_makes_pending_bound_and_then_expired()
    {
        var pool = UpTo(1).Given(Grant("g", Guaranteed, 50, 1, 1, from: 10, to: 20));
        Assert.Equal((Pending, pool.Now.AddSeconds(10)), (pool["g"].State, pool.State.NextCalendarChange));
        pool.At(9.999999).When(new Sweep()).Then();
        pool.At(10).When(new Sweep()).Then(Changed("g", Pending, Bound));
        Assert.Equal(50, pool.State.Floors.TokensPerSecond);
        pool.At(20).When(new Sweep()).Then(Changed("g", Bound, Expired));
        Assert.Equal((0, 0, null), (pool.State.Floors.TokensPerSecond, pool.State.Committed.TokensPerSecond, pool.State.NextCalendarChange));
    }

    [Fact]
    public void A_sweep_that_comes_late_skips_what_is_over() =>
        UpTo(1).Given(Grant("g", Guaranteed, 50, 1, 1, from: 10, to: 20)).At(30).When(new Sweep()).Then(Changed("g", Pending, Expired));

    [Fact]
    public void Lost_capacity_degrades_the_latest_grants_and_its_return_binds_them_again()
    {
        var pool = UpTo(2, replicas: 2).Given(Grant("a", Guaranteed, 80, 1, 1), Grant("b", Guaranteed, 80, 1, 1), Grant("c", Guaranteed, 20, 1, 1));
        pool.When(new ApplyCapacity(1, 5)).Then(Applied(1, 5), Changed("b", Bound, Degraded));
        Assert.Equal(new Capacity(100, 2, 2), pool.State.Floors);
        pool.When(new ApplyCapacity(0, 6)).Then(Applied(0, 6), Changed("a", Bound, Degraded), Changed("c", Bound, Degraded));
        pool.When(new ApplyCapacity(2, 7)).Then(Applied(2, 7), Changed("a", Degraded, Bound), Changed("b", Degraded, Bound), Changed("c", Degraded, Bound));
    }

    [Fact]
    public void A_floor_that_is_degraded_does_not_empty_the_buckets_of_the_others()
    {
        var pool = UpTo(2, replicas: 2).Given(Grant("g", Guaranteed, 150, 1, 1), Grant("e", ServiceClass.Elastic));
        Assert.Equal(500, pool["e"].Rate.TokensAt(pool.Now));
        pool.Given(new ApplyCapacity(1, 1));
        Assert.Equal((Degraded, 100L, 500L, 500L), (pool["g"].State, pool["e"].Rate.Rate, pool["e"].Rate.TokensAt(pool.Now), pool.State.Surplus.TokensAt(pool.Now)));
    }

    [Fact]
    public void The_same_terms_again_change_nothing() =>
        UpTo(1).Given(Grant("g", Guaranteed, 50, 1, 1)).When(Grant("g", Guaranteed, 50, 1, 1)).Then().ThenAnswers(new Done(Created: false, Changed: false));

    [Fact]
    public void Other_terms_amend_in_the_entitlements_old_place()
    {
        var pool = UpTo(2).Given(Grant("a", Guaranteed, 40, 1, 1), Grant("b", Guaranteed, 40, 1, 1));
        pool.When(Grant("a", Guaranteed, 70, 1, 1)).Then(
            new EntitlementAmended(PoolScenario.Pool, new("a"), Terms(Guaranteed, 70, 1, 1)), Changed("b", Bound, Degraded)).ThenAnswers(new Done(Created: false, Changed: true));
        Assert.Equal(70, pool.State.Floors.TokensPerSecond);
    }

    [Fact]
    public void An_amendment_of_the_class_moves_the_floor_while_requests_are_open()
    {
        var pool = AllClasses().Given(Admit(1, "e", 100), Admit(2, "g", 100), Grant("e", Dedicated, 40, 4_000, 4), Grant("g", Spot));
        Assert.Equal((new Capacity(70, 7_000, 7), new Resources(100, 100, 1)), (pool.State.Floors, pool["e"].Held));
        Assert.Equal((2_900L, 2), pool.State.RoomFor(pool["s"]));
        pool.Given(Settle(1, 50, 0), Settle(2, 50, 0));
        Assert.Equal((3_000L, 3), pool.State.RoomFor(pool["s"]));
    }

    [Fact]
    public void A_revocation_frees_the_baseline_for_those_it_kept_out_and_ends_the_keys()
    {
        var pool = UpTo(2).Given(Grant("a", Guaranteed, 80, 1, 1), Grant("b", Guaranteed, 80, 1, 1), new IssueKey(new("a"), new("k"), "hash"));
        pool.When(Revoke("a")).Then(new EntitlementRevoked(PoolScenario.Pool, new("a")), Changed("b", Degraded, Bound));
        Assert.Empty(pool["a"].Keys);
        pool.When(Revoke("a")).Then().ThenAnswers(new Done(Created: false, Changed: false));
        Assert.Equal(Rejection.EntitlementNotBound, pool.When(new IssueKey(new("a"), new("k2"), "hash")).Then().ThenAnswers<Rejected>().Kind);
    }

    [Fact]
    public void A_name_granted_again_starts_anew_at_the_end_and_keeps_what_its_old_requests_hold()
    {
        var pool = UpTo(1).Given(Grant("a", Guaranteed, 80, 100, 2), Grant("b", Guaranteed, 20, 1, 1), Admit(1, "a", 10));
        pool.Given(new ApplyLimits([new(new("a"), new(80, 100, 2), 0.5, 1, 7)], 3), Revoke("a"));
        pool.When(Grant("a", Guaranteed, 70, 100, 2)).ThenAnswers(new Done(Created: true, Changed: true));
        Assert.Equal(["b", "a"], pool.State.Entitlements.Keys.Select(id => id.Value));
        Assert.Equal((Bound, 0.0, 0.0, 10L), (pool["a"].State, pool["a"].Debt, pool["a"].Burst, pool["a"].Held.Tokens));
        Assert.Equal((90L, 1), pool["a"].IdleFloor);
    }

    [Fact]
    public void Keys_are_issued_and_revoked_by_name()
    {
        var pool = Elastic();
        pool.When(new IssueKey(new("e"), new("k"), "hash")).Then(new KeyIssued(PoolScenario.Pool, new("e"), new("k"), "hash"));
        pool.When(new RevokeKey(new("e"), new("k"))).Then(new KeyRevoked(PoolScenario.Pool, new("e"), new("k")));
        Assert.Equal(Rejection.KeyUnknown, pool.When(new RevokeKey(new("e"), new("k"))).Then().ThenAnswers<Rejected>().Kind);
        Assert.Equal(Rejection.EntitlementUnknown, pool.When(new RevokeKey(new("z"), new("k"))).Then().ThenAnswers<Rejected>().Kind);
    }

    private static EntitlementStateChanged Changed(string name, EntitlementState from, EntitlementState to) => new(PoolScenario.Pool, new(name), from, to);

    private static LimitsApplied Applied(int replicas, long position) => new(PoolScenario.Pool, replicas, position, 0, []);
}
