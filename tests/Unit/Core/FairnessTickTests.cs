using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The tick over a pool's history: who earns debt, who bursts, and when nothing is said.</summary>
public sealed class FairnessTickTests
{
    private long _position;

    [Fact]
    public void The_first_tick_only_starts_the_clock_and_what_came_before_is_nobodys_rate()
    {
        var pool = TwoElastic();
        pool.When(Admit(1, "a", 90)).ThenAdmits();
        var fairness = Follow(pool);
        Assert.Null(FairnessDecisions.Tick(fairness, Second(1)));
        Assert.Null(FairnessDecisions.Tick(fairness, Second(2)));
        // 10 tokens/s is what the pool's capacity gives a sequence.
        Assert.Equal([10L, 0L], fairness.Latest.Select(share => share.DemandTokens));
    }

    [Fact]
    public void A_refused_elastic_entitlement_earns_debt_up_to_its_baseline()
    {
        // Two requests got 20 of the 40 tokens/s due and five more waited, so g = 0.5; b asked for nothing.
        var (pool, fairness) = Started();
        pool.Given(Admit(1, "a", 20), Admit(2, "a", 20));
        Follow(pool, fairness);
        for (var id = 11; id <= 15; id++) Refuse(fairness, id, "a", 100, 0);
        var share = Assert.Single(FairnessDecisions.Tick(fairness, Second(1))!.Entitlements);
        Assert.Equal(("a", 70L, 20L, 20L), (share.Entitlement.Value, share.DemandTokens, share.ReceivedTokens, share.OwedTokens));
        Assert.Equal(0.15, share.Debt, 1e-12);
        Assert.Equal(PriorityWeight.Of(ServiceClass.Elastic, 500, 500, 0, 0.15), share.Weight, 1e-9);
    }

    [Fact]
    public void Refusals_that_were_only_counted_are_demand_too()
    {
        var (_, fairness) = Started();
        fairness.Evolve(Record(new RequestsDenied(PoolScenario.Pool, [new(new("a"), DenialReason.PoolExhausted, 3, 90), new(new("a"), DenialReason.NeverFits, 9, 900)]), Second(0.5)));
        Assert.Equal((15L, 15L), Assert.Single(FairnessDecisions.Tick(fairness, Second(1))!.Entitlements) is var s ? (s.DemandTokens, s.OwedTokens) : default);
    }

    [Fact]
    public void An_idle_entitlement_earns_nothing_and_nothing_is_published()
    {
        var (_, fairness) = Started();
        for (var tick = 1; tick <= 5; tick++) Assert.Null(FairnessDecisions.Tick(fairness, Second(tick)));
    }

    [Fact]
    public void Rates_are_over_the_time_that_really_passed()
    {
        var (pool, fairness) = Started();
        for (var id = 1; id <= 4; id++) pool.Given(Admit(id, "a", 40));
        Follow(pool, fairness);
        // 160 tokens in 4 s are exactly the 40 tokens/s due; they hold 160 of the 100 bytes and the 4 sequences entitled.
        var share = Assert.Single(FairnessDecisions.Tick(fairness, Second(4))!.Entitlements);
        Assert.Equal((0.0, 0.3 * 0.6), (share.Debt, Math.Round(share.Burst, 12)));
    }

    [Fact]
    public void Only_elastic_entitlements_keep_debt()
    {
        var pool = new PoolScenario().Given(Configure(), Grant("g", Guaranteed, 40, 100, 4), Grant("s", Spot));
        var fairness = Follow(pool);
        FairnessDecisions.Tick(fairness, Second(0));
        Refuse(fairness, 8, "g", 500, 0.5);
        Refuse(fairness, 9, "s", 500, 0.5);
        Assert.Null(FairnessDecisions.Tick(fairness, Second(1)));
        Assert.All(fairness.Latest, share => Assert.Equal((5L, 0.0, 0L), (share.DemandTokens, share.Debt, share.OwedTokens)));
    }

    [Fact]
    public void Debt_decays_tick_by_tick_and_then_there_is_silence()
    {
        var (_, fairness) = Indebted();
        var debts = new List<double>();
        for (var tick = 2; tick <= 40; tick++)
            if (FairnessDecisions.Tick(fairness, Second(tick)) is { } adjusted) debts.Add(adjusted.Entitlements.Single().Debt);
        Assert.Equal(0.3 * 0.7, debts[0], 1e-12);
        Assert.Equal(0, debts[^1]);
        Assert.Equal(debts.OrderDescending(), debts);
        Assert.InRange(debts.Count, 10, 20);
    }

    [Fact]
    public void A_restart_resumes_from_the_published_tick_and_the_own_tick_coming_back_changes_nothing()
    {
        var (pool, fairness) = Indebted();
        var published = FairnessDecisions.Tick(fairness, Second(2))!;
        var restarted = Follow(pool);
        restarted.Evolve(Record(published, Second(2)));
        fairness.Evolve(Record(published, Second(2)));
        Assert.Equal(Second(2), restarted.TickedAt);
        var (next, again) = (FairnessDecisions.Tick(fairness, Second(3))!, FairnessDecisions.Tick(restarted, Second(3))!);
        Assert.Equal(next.Entitlements, again.Entitlements);
        Assert.Equal(0.3 * 0.7 * 0.7, next.Entitlements.Single().Debt, 1e-12);
    }

    [Fact]
    public void A_tick_says_how_far_it_saw_the_ledger()
    {
        var (_, fairness) = Started();
        fairness.Evolve(Record(new RequestsDenied(PoolScenario.Pool, [new(new("a"), DenialReason.PoolExhausted, 3, 90)]), Second(0.5)));
        Assert.Equal(_position, FairnessDecisions.Tick(fairness, Second(1))!.ThroughPosition);
    }

    [Fact]
    public void Limits_follow_what_floors_leave()
    {
        var (pool, fairness) = Started();
        FairnessDecisions.Tick(fairness, Second(1));
        for (var id = 1; id <= 5; id++) pool.At(1.5).Given(Admit(id, "a", 10)); // One sequence more than due: burst is published, limits with it.
        Follow(pool, fairness);
        Assert.Equal(100, FairnessDecisions.Tick(fairness, Second(2))!.Entitlements.Single().Limits.TokensPerSecond);
        pool.At(2.5).Given(Grant("g", Guaranteed, 30, 1, 1));
        Follow(pool, fairness);
        Assert.Contains(FairnessDecisions.Tick(fairness, Second(3))!.Entitlements, s => s.Entitlement.Value == "a" && s.Limits.TokensPerSecond == 70);
    }

    [Fact]
    public void A_name_granted_again_does_not_inherit_debt()
    {
        var (pool, fairness) = Indebted();
        pool.At(1.5).Given(Revoke("a"), Grant("a", ServiceClass.Elastic, 40, 100, 4));
        Follow(pool, fairness);
        Assert.Null(FairnessDecisions.Tick(fairness, Second(2)));
        Assert.Equal(0, fairness.Latest.Single(s => s.Entitlement.Value == "a").Debt);
    }

    [Fact]
    public void A_tick_at_the_same_time_or_before_does_nothing()
    {
        var (_, fairness) = Indebted();
        Assert.Null(FairnessDecisions.Tick(fairness, Second(1)));
        Assert.Null(FairnessDecisions.Tick(fairness, Second(0.5)));
        Assert.Equal(Second(1), fairness.TickedAt);
    }

    private static DateTimeOffset Second(double seconds) => PoolScenario.Start.AddSeconds(seconds);

    private static PoolScenario TwoElastic() =>
        new PoolScenario().Given(Configure(), Grant("a", ServiceClass.Elastic, 40, 100, 4), Grant("b", ServiceClass.Elastic, 40, 100, 4));

    private (PoolScenario Pool, FairnessState Fairness) Started()
    {
        var pool = TwoElastic();
        var fairness = Follow(pool);
        FairnessDecisions.Tick(fairness, Second(0));
        return (pool, fairness);
    }

    /// <summary>After the first tick `a` has debt 0.3.</summary>
    private (PoolScenario Pool, FairnessState Fairness) Indebted()
    {
        var (pool, fairness) = Started();
        fairness.Evolve(Record(new RequestsDenied(PoolScenario.Pool, [new(new("a"), DenialReason.PoolExhausted, 4, 40)]), Second(0)));
        FairnessDecisions.Tick(fairness, Second(1));
        return (pool, fairness);
    }

    private void Refuse(FairnessState fairness, int id, string entitlement, long tokens, double at) => fairness.Evolve(
        Record(new RequestDenied(PoolScenario.Pool, Id(id), new(entitlement), new("tenant"), tokens, 0, null, tokens, DenialReason.PoolExhausted, 1), Second(at)));

    private FairnessState Follow(PoolScenario pool, FairnessState? fairness = null)
    {
        fairness ??= new(PoolScenario.Pool);
        foreach (var recorded in pool.History.Skip((int)fairness.Pool.Version)) fairness.Evolve(recorded with { Position = ++_position });
        return fairness;
    }

    private RecordedEvent Record(ILedgerEvent data, DateTimeOffset at) => new(++_position, "any", 1, Guid.Empty, EventCatalogue.Of(data.GetType()).WireName, at, data);
}
