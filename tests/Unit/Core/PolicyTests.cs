using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;
using static TokenLedger.Contracts.AdmissionPolicy;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>What each policy asks before it admits, and what remains when a pool goes from one to another.</summary>
public sealed class PolicyTests
{
    [Fact]
    public void Admit_all_has_no_limit_and_no_bound_but_that_a_request_must_be_possible_at_all()
    {
        var pool = AllClasses(policy: AdmitAll);
        for (var i = 1; i <= 30; i++) pool.Given(Admit(i, i % 2 == 0 ? "x" : "g", 5_000));
        Assert.Equal(new Resources(150_000, 150_000, 30), pool.State.Held);
        Assert.Equal(new Capacity(100, 10_000, 10), pool["g"].Limits);
        pool.When(Admit(31, "g", 10_001)).ThenRefuses(DenialReason.NeverFits);
        pool.Given(new ApplyCapacity(0, 1)).When(Admit(31, "g", 1)).ThenRefuses(DenialReason.NoCapacity);
        pool.When(Admit(31, "nobody")).ThenAnswers(new Rejected(Rejection.EntitlementUnknown, "Pool 'p' has no entitlement 'nobody'."));
    }

    [Fact]
    public void Rate_limit_holds_each_to_its_baseline_and_those_without_one_to_equal_parts_of_the_rest()
    {
        var pool = AllClasses(policy: RateLimit);
        Assert.Equal((new Capacity(30, 3_000, 3), new Capacity(30, 3_000, 3)), (pool["d"].Limits, pool["g"].Limits));
        // 40 tokens/s, 4,000 bytes and 4 sequences are promised to nobody; e, s and x share them.
        foreach (var name in (string[])["e", "s", "x"]) Assert.Equal(new Capacity(13, 1_333, 1), pool[name].Limits);
        pool.Given(Admit(1, "s", 100)).When(Admit(2, "s", 10)).ThenRefuses(DenialReason.ConcurrencyExceeded);
        pool.Given(Admit(2, "x", 130)).When(Admit(3, "e", 1_334)).ThenRefuses(DenialReason.NeverFits);
        for (var i = 11; i <= 13; i++) pool.Given(Admit(i, "d", 100));
        pool.When(Admit(14, "d", 1)).ThenRefuses(DenialReason.ConcurrencyExceeded);
    }

    [Fact]
    public void Rate_limit_does_not_look_at_the_room_in_the_pool()
    {
        var pool = new PoolScenario().Given(Configure(replicas: 2, most: 2, policy: RateLimit), Grant("a", ServiceClass.Elastic, 100, 10_000, 10), Grant("b", Spot), new ApplyCapacity(1, 1));
        for (var i = 1; i <= 10; i++) pool.Given(Admit(i, "a", 100));
        Assert.Equal(default, pool["b"].Limits);
        pool.Given(Grant("c", ServiceClass.Elastic, 100, 10_000, 10), Admit(11, "c", 1_000));
        Assert.Equal(11, pool.State.Held.Sequences);
    }

    [Fact]
    public void Threshold_lets_the_heavier_over_capacity_while_something_lighter_runs_and_refuses_the_lighter()
    {
        var pool = Weighed();
        for (var i = 1; i <= 10; i++) pool.Given(Admit(i, i switch { 1 => "slow", < 6 => "mid", _ => "quick" }, 1));
        pool.When(Admit(11, "slow", 1)).ThenRefuses(DenialReason.LowPriority);
        pool.Given(Admit(11, "quick", 1), Admit(12, "mid", 1));
        Assert.Equal(12, pool.State.Held.Sequences);
        // Once the lightest has ended, its own kind is the lightest.
        pool.Given(Release(1, "slow")).When(Admit(13, "mid", 1)).ThenRefuses(DenialReason.LowPriority);
        pool.Given(Admit(13, "quick", 1));
    }

    [Fact]
    public void Threshold_keeps_no_floor_free_and_stops_nobody()
    {
        var pool = AllClasses(policy: Threshold);
        for (var i = 1; i <= 10; i++) pool.Given(Admit(i, "x", 1));
        pool.When(Admit(11, "x", 1)).ThenRefuses(DenialReason.ConcurrencyExceeded);
        pool.When(Admit(11, "g", 1));
        Assert.IsType<RequestAdmitted>(Assert.Single(pool.History.Skip(pool.History.Count - 1)).Data);
        Assert.Equal((new Capacity(100, 10_000, 10), new Capacity(30, 3_000, 3), default), (pool["d"].Limits, pool["g"].Limits, pool.State.Floors));
    }

    [Fact]
    public void Threshold_is_contended_in_tokens_and_bytes_too()
    {
        var pool = Weighed().Given(Admit(1, "slow", 600), Admit(2, "quick", 500));
        Assert.Equal(-100, pool.State.Surplus.TokensAt(pool.Now));
        var denied = pool.When(Admit(3, "slow", 100)).ThenRefuses(DenialReason.LowPriority);
        Assert.Equal(2_000, denied.RetryAfterMs);
        pool.At(2).Given(Admit(3, "slow", 100));
        pool = Weighed().Given(Admit(1, "slow", 0, 0), Admit(2, "slow", 900)).At(300).Given(Admit(3, "mid", 1_000)).At(400);
        for (var i = 4; i <= 11; i++) pool.At(100 * i).Given(Renew(2, "slow"), Renew(3, "mid"), Admit(i, "mid", 1_000));
        pool.At(1_300).When(Admit(12, "slow", 101)).ThenRefuses(DenialReason.LowPriority);
        pool.Given(Admit(12, "mid", 101));
        Assert.Equal(10_001, pool.State.Held.KvCacheBytes);
    }

    [Fact]
    public void Threshold_admits_into_an_empty_pool_that_is_still_in_debt()
    {
        var pool = Weighed().Given(Admit(1, "slow", 1_000), Settle(1, 5_000, 0));
        Assert.Null(pool.State.LightestOpen);
        pool.At(50).When(Admit(2, "slow", 10)).ThenAdmits();
    }

    [Fact]
    public void A_tick_brings_weights_to_every_policy_and_limits_to_weighted_share_only()
    {
        var tick = new ApplyLimits([new(new("slow"), new(1, 1, 1), 0.5, 0, 500)], 7);
        var pool = Weighed().Given(Admit(1, "slow", 1), tick);
        Assert.Equal((500, new Capacity(100, 10_000, 10), 500), (pool["slow"].Weight, pool["slow"].Limits, pool.State.LightestOpen));
        Assert.Equal(new Capacity(1, 1, 1), Elastic().Given(Grant("slow", Spot), tick)["slow"].Limits);
    }

    [Theory]
    [InlineData(AdmitAll)]
    [InlineData(RateLimit)]
    [InlineData(Threshold)]
    public void Going_to_another_policy_and_back_locks_nobody_out(AdmissionPolicy other)
    {
        var pool = AllClasses().Given(Admit(1, "e", 400), Configure(policy: AdmitAll));
        for (var i = 2; i <= 40; i++) pool.Given(Admit(i, "e", 3_000));
        pool.When(Configure(policy: other));
        for (var i = 1; i <= 40; i++) pool.Given(Settle(i, 3_000, 3_000));
        pool.Given(Configure());
        Assert.Equal((new Capacity(40, 4_000, 4), 400L, 400L), (pool["e"].Limits, pool["e"].Rate.TokensAt(pool.Now), pool.State.Surplus.TokensAt(pool.Now)));
        foreach (var (request, name) in ((int, string)[])[(51, "e"), (52, "s"), (53, "d"), (54, "g")]) pool.Given(Admit(request, name, 100));
    }

    [Fact]
    public void Shadow_admits_what_a_rule_would_refuse_and_says_which()
    {
        var pool = AllClasses(shadow: true);
        for (var i = 1; i <= 4; i++) pool.Given(Admit(i, "x", 1));
        foreach (var (request, tokens, name, reason) in ((int, long, string, DenialReason)[])
            [(11, 1, "e", DenialReason.PoolExhausted), (12, 1, "x", DenialReason.ConcurrencyExceeded), (13, 4_001, "g", DenialReason.NeverFits), (14, 5_000, "s", DenialReason.NeverFits)])
            Assert.Equal(reason, pool.When(Admit(request, name, tokens)).ThenAnswers<Admitted>().Event.ShadowDenial);
        Assert.Null(pool.When(Admit(15, "g", 1)).ThenAnswers<Admitted>().Event.ShadowDenial);
        Assert.Equal((9, 5), (pool.State.Held.Sequences, pool.State.InUse.Sequences));
        pool.Given(new ApplyCapacity(0, 1));
        Assert.Equal(DenialReason.NoCapacity, pool.When(Admit(16, "s", 1)).ThenAnswers<Admitted>().Event.ShadowDenial);
    }

    [Fact]
    public void Shadow_names_as_many_as_would_be_refused_because_they_take_nothing_from_the_others()
    {
        var (shadow, real) = (Driven(shadow: true), Driven(shadow: false));
        var denied = shadow.History.Select(e => e.Data).OfType<RequestAdmitted>().Where(e => e.ShadowDenial is not null).Select(e => (e.Request, e.ShadowDenial!.Value)).ToList();
        Assert.Equal(real.History.Select(e => e.Data).OfType<RequestDenied>().Select(e => (e.Request, e.Reason)), denied);
        Assert.InRange(denied.Count, 50, 150);
        Assert.Equal(200, shadow.History.Count(e => e.Data is RequestAdmitted));
    }

    [Fact]
    public void After_shadow_what_it_admitted_counts_like_any_other()
    {
        var pool = new PoolScenario().Given(Configure(sequences: 2, shadow: true), Grant("e", ServiceClass.Elastic));
        for (var i = 1; i <= 4; i++) pool.Given(Admit(i, "e", 300));
        Assert.Equal(2, pool.State.InUse.Sequences);
        pool.Given(Configure(sequences: 2)).When(Admit(5, "e", 1)).ThenRefuses(DenialReason.ConcurrencyExceeded);
        pool.Given(Release(3, "e"), Release(4, "e"), Release(1, "e"), Admit(5, "e", 1));
        pool.Given(Configure(sequences: 2, shadow: true));
        Assert.Equal(pool.State.Held, pool.State.InUse);
    }

    [Fact]
    public void No_policy_admits_more_than_can_be_counted()
    {
        var pool = new PoolScenario().Given(Configure(kvPerToken: 1_000_000_000, shadow: true), Grant("e", ServiceClass.Elastic));
        for (var i = 1; i <= 11; i++) pool.Given(Admit(i, "e", 100_000_000, 100_000_000));
        pool.When(Admit(12, "e", 100_000_000, 100_000_000)).ThenRefuses(DenialReason.NeverFits);
    }

    [Fact]
    public void The_audit_finds_an_entitlement_that_holds_more_than_the_pool_has_under_the_threshold()
    {
        var pool = Weighed().Given([.. Enumerable.Range(1, 10).Select(i => Admit(i, "slow", 1))]).Given(Admit(11, "quick", 1));
        RecordedEvent Extra(int request, string owner) => pool.History[^1] with { Data = ((RequestAdmitted)pool.History[^1].Data) with { Request = Id(request), Entitlement = new(owner) } };
        Assert.Null(Audit([.. pool.History, Extra(12, "mid")]));
        Assert.Equal(("sequences", 11L, 10L), Audit([.. pool.History, Extra(12, "slow")]) is { } found ? (found.Dimension, found.Held, found.Capacity) : default);
    }

    /// <summary>Three elastic entitlements with latency targets of 500, 5,000 and 30,000 ms: the first is the heaviest.</summary>
    private static PoolScenario Weighed() => new PoolScenario().Given(
        Configure(policy: Threshold), Grant("quick", ServiceClass.Elastic, slo: 500), Grant("mid", ServiceClass.Elastic, slo: 5_000), Grant("slow", ServiceClass.Elastic, slo: 30_000));

    /// <summary>Twice what the bucket gives: 200 requests of 10 tokens, 50 ms apart, each of which lasts as long as its neighbour.</summary>
    private static PoolScenario Driven(bool shadow)
    {
        var pool = new PoolScenario().Given(Configure(burst: 1, shadow: shadow), Grant("e", ServiceClass.Elastic));
        for (var i = 0; i < 200; i++)
        {
            pool.At(i * 0.05).When(Admit(i + 1, "e", 10));
            if (i >= 30) pool.When(Settle(i - 29, 10, 0));
        }
        return pool;
    }

    private static AuditFinding? Audit(IEnumerable<RecordedEvent> history)
    {
        var audit = new CapacityAudit(PoolScenario.Pool);
        return history.Select(audit.Take).FirstOrDefault(finding => finding is not null);
    }

    [Fact]
    public void Threshold_admits_a_heavier_request_although_lighter_ones_were_told_to_come_back()
    {
        var pool = new PoolScenario().Given(Configure(policy: AdmissionPolicy.Threshold, queue: new(KeepPromises: true)), Grant("e", ServiceClass.Elastic), Grant("s", Spot));
        for (var request = 1; request <= 10; request++) pool.Given(Admit(request, "s"));
        pool.When(Admit(11, "s")).ThenAnswers<Denied>();
        pool.When(Admit(12, "e")).ThenAdmits();
    }
}
