using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;
using TokenLedger.Tests.Unit.Core;
using static TokenLedger.Contracts.ServiceClass;

namespace TokenLedger.Tests.Unit.Replay;

/// <summary>What is explained is what was decided.</summary>
public sealed class AdmissionExplanationTests
{
    [Fact]
    public void Every_explanation_of_a_random_life_is_the_decision() => Prop.ForAll(RandomPool.Lives, steps =>
    {
        PoolRun run = null!;
        AdmissionExplanation? explained = null;
        run = new PoolRun
        {
            Before = command => explained = command is Admit admit && run.State.Settings is not null && run.State.Entitlements.ContainsKey(admit.Entitlement) && !run.State.Open.ContainsKey(admit.Request)
                ? AdmissionExplanation.Of(run.State, admit, run.Now)
                : null,
            After = (_, decision) =>
            {
                if (explained is not null) Agree(explained, decision);
            },
        };
        run.Take(RandomPools.Beginning).Take(steps);
    }).Check(Properties.Of(1_500));

    [Fact]
    public void Names_the_rule_its_numbers_and_where_the_wait_comes_from()
    {
        var pool = Story.Elastic().Given(Story.Admit(1, "e", 900));
        var explained = AdmissionExplanation.Of(pool.State, Story.Admit(2, "e", 200), pool.Now);
        Assert.Equal((DenialReason.TokensExceeded, 1_000L, RetryBasis.RateBucket), (explained.Refused!.Value, explained.RetryAfterMs!.Value, explained.RetryBasis!.Value));
        var rule = explained.Rules.Single(rule => rule.Rule == DenialReason.TokensExceeded);
        Assert.Equal([new Measure("tokens", 200, 100)], rule.Measures);
        Assert.Equal([true, true, true, true, true, true, false, false], explained.Rules.Select(rule => rule.WasAsked));
        Assert.Equal((1, 900L, 100L, 9), (explained.Pool.OpenReservations, explained.Before.InFlight.Tokens, explained.Before.Tokens, explained.Before.RoomSequences));
    }

    [Fact]
    public void Names_the_requests_that_are_stopped()
    {
        var pool = new PoolScenario().Given(Story.Configure(most: 2), Story.Grant("x", Preemptible));
        for (var i = 0; i < 10; i++) pool.Given(Story.Admit(i + 1, "x", 1));
        pool.Given(Story.Grant("g", Guaranteed, 30, 3_000, 3));
        var explained = AdmissionExplanation.Of(pool.State, Story.Admit(20, "g", 1), pool.Now);
        Assert.Null(explained.Refused);
        Assert.Single(explained.Evicted);
    }

    [Fact]
    public void Shows_the_weight_beside_the_smallest_that_runs()
    {
        var pool = new PoolScenario().Given(
            Story.Configure(sequences: 1, policy: AdmissionPolicy.Threshold), Story.Grant("quick", Elastic, slo: 500), Story.Grant("slow", Elastic, slo: 30_000), Story.Admit(1, "slow"));
        var rule = AdmissionExplanation.Of(pool.State, Story.Admit(2, "quick"), pool.Now).Rules.Single(rule => rule.Rule == DenialReason.LowPriority);
        var measure = Assert.Single(rule.Measures);
        Assert.Equal(("weight", 20.27m, 93.85m, true), (measure.Dimension, Math.Round(measure.Needs, 2), Math.Round(measure.Has, 2), rule.Passes));
        rule = AdmissionExplanation.Of(pool.State, Story.Admit(2, "slow"), pool.Now).Rules.Single(rule => rule.Rule == DenialReason.LowPriority);
        Assert.Equal((rule.Measures[0].Needs, false), (rule.Measures[0].Has, rule.Passes));
    }

    [Fact]
    public void Names_the_rule_that_shadow_mode_overlooked()
    {
        var pool = new PoolScenario().Given(Story.Configure(shadow: true), Story.Grant("e", Elastic), Story.Admit(1, "e", 900));
        var explained = AdmissionExplanation.Of(pool.State, Story.Admit(2, "e", 200), pool.Now);
        Assert.Equal((true, DenialReason.TokensExceeded, null, null), (explained.Admitted, explained.ShadowDenial, explained.Refused, explained.RetryAfterMs));
    }

    private static void Agree(AdmissionExplanation explained, PoolDecision decision)
    {
        switch (decision.Answer)
        {
            case Admitted a:
                Assert.Null(explained.Refused);
                Assert.Equal((a.Event.Reserved, a.Event.ExpectedOutputTokens, a.Event.ShadowDenial), (explained.Need, explained.OutputTokens, explained.ShadowDenial));
                Assert.Equal(decision.Events.OfType<ReservationEvicted>().Select(e => e.Request), explained.Evicted);
                break;
            case Denied d:
                Assert.Equal(((DenialReason?)d.Event.Reason, (long?)d.Event.RetryAfterMs), (explained.Refused, explained.RetryAfterMs));
                break;
            case Rejected { Kind: Rejection.NotYours }: return; // Another request waits under its id.
            case Rejected r:
                Assert.Equal((Rejection.EntitlementNotBound, DenialReason.EntitlementNotBound), (r.Kind, explained.Refused));
                break;
            case Waits when decision.Events.Count == 0: return; // It waited already.
            case Waits: Assert.NotNull(explained.Refused); break;
            default: Assert.Fail($"{decision.Answer} was not expected."); break;
        }
        Assert.Equal(explained.Refused ?? explained.ShadowDenial, explained.Rules.Where(rule => rule.WasAsked && !rule.Passes).Select(rule => (DenialReason?)rule.Rule).SingleOrDefault());
        // The numbers tell the same as the verdict, unless room was made by stopping others.
        foreach (var rule in explained.Rules.Where(rule => rule.Rule != DenialReason.EntitlementNotBound && rule.WasAsked))
            Assert.True(rule.Passes == rule.Measures.All(m => m.Holds) || (rule.Passes && (explained.Evicted.Count > 0 || explained.Refused == DenialReason.LowPriority)), $"{rule.Rule}: {string.Join(", ", rule.Measures)}");
    }
}

/// <summary>What random lives begin with.</summary>
internal static class RandomPools
{
    public static PoolCommand[] Beginning { get; } =
    [
        Story.Configure(most: 3, lease: 60), Story.Grant("a", Guaranteed, 30, 3_000, 3), Story.Grant("b", Elastic, 30, 3_000, 3), Story.Grant("c", Preemptible),
    ];
}
