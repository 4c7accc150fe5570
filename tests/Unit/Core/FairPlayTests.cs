using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The control loop as a whole, over minutes: an interactive and a batch tenant, entitled to 5 sequences and 75 tokens/s each, who always want more than the 8 sequences and 120 tokens/s of a replica.</summary>
public sealed class FairPlayTests
{
    [Fact]
    public void Under_scarcity_without_end_both_get_the_same_and_the_batch_tenant_stays_a_minute_and_a_half_behind()
    {
        var play = Copilots(replicas: 1);
        play.Run(90);
        Assert.InRange(play.SecondsOwed("synth"), 28, 36); // The interactive tenant is preferred at first, and for a while.
        play.Run(810, p => Assert.InRange(p.SecondsOwed("synth") - p.SecondsOwed("copilot"), 0, 94));
        var (copilot, synth) = (play.Served("copilot"), play.Served("synth"));
        play.Run(300, p => Assert.InRange(p.SecondsOwed("synth") - p.SecondsOwed("copilot"), 82, 94)); // τ·log2(93.85/20.27) = 88 s.
        Assert.InRange((double)(play.Served("copilot") - copilot) / (play.Served("synth") - synth), 0.98, 1.02);
    }

    [Fact]
    public void What_was_denied_is_repaid_when_capacity_returns()
    {
        var play = Copilots(replicas: 2);
        play.Run(60);
        Assert.Equal(0, play.Share("copilot").OwedTokens + play.Share("synth").OwedTokens);
        play.Take(new ApplyCapacity(1, 1_000_000));
        play.Run(90, p => Assert.InRange(p.Share("synth").Limits.Sequences, 3, 8));
        Assert.InRange(play.SecondsOwed("synth"), 25, 36);
        play.Take(new ApplyCapacity(2, 1_000_001));
        // The six sequences that nobody's baseline needs repay some 90 tokens/s of it.
        var credit = 0.0;
        play.Run(40, p => credit = Math.Min(credit, p.Share("synth").Debt));
        Assert.Equal(0, play.Share("copilot").OwedTokens + play.Share("synth").OwedTokens);
        Assert.InRange(credit, -1.25, -1.1);
    }

    [Fact]
    public void Spot_gets_nothing_while_an_elastic_tenant_that_wants_more_is_owed()
    {
        var play = Copilots(replicas: 1);
        play.Take(Grant("batch", ServiceClass.Spot));
        play.Want("batch", 8);
        play.Run(30);
        var served = play.Served("batch");
        play.Run(60, p => Assert.Equal(0, p.Share("batch").Limits.Sequences));
        Assert.Equal(served, play.Served("batch"));
    }

    [Fact]
    public void A_tenant_that_goes_quiet_leaves_all_to_the_other_and_has_its_own_again_when_it_returns()
    {
        var play = Copilots(replicas: 1);
        play.Run(30);
        play.Want("copilot", 0);
        play.Run(30);
        Assert.Equal((0, 8), (play.Held("copilot"), play.Held("synth")));
        play.Want("copilot", 8);
        play.Run(15);
        Assert.InRange(play.Held("copilot"), 3, 5);
    }

    internal static FairPlay Copilots(int replicas, int instances = 1)
    {
        var play = new FairPlay();
        while (play.Instances.Count < instances) play.Instances.Add(new(PoolScenario.Pool));
        play.Take(Configure(tokens: 120, kv: 1_000_000, sequences: 8, replicas: replicas, most: 2));
        play.Take(Grant("copilot", ServiceClass.Elastic, 75, 0, 5, slo: 500));
        play.Take(Grant("synth", ServiceClass.Elastic, 75, 0, 5, slo: 30_000));
        play.Want("copilot", 8);
        play.Want("synth", 8);
        return play;
    }
}
