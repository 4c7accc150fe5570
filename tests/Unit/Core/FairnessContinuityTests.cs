using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using TokenLedger.Core.Pools;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>Debt and service owed go on through restarts, pauses and several instances.</summary>
public sealed class FairnessContinuityTests
{
    [Fact]
    public void Two_instances_publish_what_one_would()
    {
        var (one, two) = (FairPlayTests.Copilots(replicas: 1), FairPlayTests.Copilots(replicas: 1, instances: 2));
        one.Run(120);
        two.Run(120);
        Assert.Equal(one.Ticks.Select(PoolScenario.Text), two.Ticks.Select(PoolScenario.Text));
        Assert.Equal(two.Instances[0].Latest, two.Instances[1].Latest);
    }

    [Fact]
    public void An_instance_that_only_follows_knows_what_the_other_has_published()
    {
        var play = FairPlayTests.Copilots(replicas: 1);
        var follower = new FairnessState(PoolScenario.Pool);
        foreach (var recorded in play.History) follower.Evolve(recorded);
        play.Run(60, p => Follow(p, follower));
        Assert.Equal(play.Fairness.TickedAt, follower.TickedAt);
        Assert.Equal(play.Fairness.Latest.Select(s => (s.Entitlement, s.OwedTokens, s.Debt, s.Limits)), follower.Latest.Select(s => (s.Entitlement, s.OwedTokens, s.Debt, s.Limits)));
    }

    [Fact]
    public void A_restart_goes_on_from_what_the_pool_has_applied()
    {
        var play = FairPlayTests.Copilots(replicas: 1);
        play.Run(60);
        var restarted = Read(play.History);
        play.Instances.Add(restarted);
        foreach (var (before, after) in play.Fairness.Latest.Zip(restarted.Latest)) AssertWithinAStep(before, after);
        play.Run(30);
        foreach (var (kept, lost) in play.Instances[0].Latest.Zip(restarted.Latest)) AssertWithinAStep(kept, lost);
    }

    [Fact]
    public void A_restart_from_books_reads_nothing_before_them()
    {
        var play = FairPlayTests.Copilots(replicas: 1);
        play.Run(60);
        play.Take(new CloseBooks());
        var restarted = Read([play.History.Last()]);
        foreach (var (before, after) in play.Fairness.Latest.Zip(restarted.Latest)) AssertWithinAStep(before, after);
    }

    [Fact]
    public void What_is_denied_while_no_instance_runs_is_owed_all_the_same()
    {
        var play = FairPlayTests.Copilots(replicas: 1);
        play.Run(30);
        var owed = play.SecondsOwed("synth");
        play.Ticking = false;
        play.Run(40); // It goes on with the last limits: three sequences of the five due, 0.4 s owed each second.
        play.Instances[0] = Read(play.History);
        play.Ticking = true;
        play.Run(1);
        Assert.InRange(play.SecondsOwed("synth") - owed, 13, 19);
    }

    [Fact]
    public void Who_asks_is_published_again_after_a_minute_even_if_nothing_changes_and_who_does_not_is_not()
    {
        var play = new FairPlay();
        play.Take(Story.Configure(tokens: 120, kv: 1_000_000, sequences: 8));
        play.Take(Story.Grant("steady", ServiceClass.Elastic, 75, 0, 5));
        play.Take(Story.Grant("quiet", ServiceClass.Elastic, 15, 0, 1));
        play.Run(200);
        Assert.Empty(play.Ticks);
        play.Want("quiet", 0);
        play.Take(new Admit(Story.Id(1), new("steady"), 1, 0, null));
        play.Run(1);
        Assert.Equal("steady", Assert.Single(play.Ticks.Last().Entitlements).Entitlement.Value);
        var count = play.Ticks.Count();
        play.Run(30);
        Assert.Equal(count, play.Ticks.Count());
    }

    private static FairnessState Read(IEnumerable<RecordedEvent> history)
    {
        var state = new FairnessState(PoolScenario.Pool);
        foreach (var recorded in history) state.Evolve(recorded);
        return state;
    }

    private static void Follow(FairPlay play, FairnessState follower)
    {
        foreach (var recorded in play.Since(follower.Position)) follower.Evolve(recorded);
    }

    /// <summary>What was published last, and less than a step since.</summary>
    private static void AssertWithinAStep(FairnessShare expected, FairnessShare actual)
    {
        Assert.Equal(expected.Entitlement, actual.Entitlement);
        Assert.InRange(actual.OwedTokens - expected.OwedTokens, -76, 76);
        Assert.InRange(actual.Debt - expected.Debt, -0.01, 0.01);
        Assert.Equal(expected.Limits.Sequences, actual.Limits.Sequences);
    }
}
