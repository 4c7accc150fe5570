using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;
using TokenLedger.Tests.Unit.Core;
using static TokenLedger.Contracts.ServiceClass;

namespace TokenLedger.Tests.Unit.Replay;

/// <summary>Recorded demand, decided again.</summary>
public sealed class WhatIfTests
{
    private static readonly WhatIfChanges s_same = WhatIfChanges.None;

    [Fact]
    public void Unchanged_settings_give_the_recorded_decisions_of_any_window_of_a_random_life() =>
        Prop.ForAll(RandomPool.Lives, Gen.Choose(1, 60).ToArbitrary(), (steps, from) =>
        {
            var history = new PoolRun().Take(RandomPools.Beginning).Take(steps).History;
            from = Math.Min(from, history.Count);
            var (texts, result) = Run(history, from, WhatIfChanges.None);
            Assert.Equal(Recorded(history, from), texts);
            Assert.Equal(JsonSerializer.Serialize(result.Recorded), JsonSerializer.Serialize(result.WhatIf));
            Assert.Equal((0, 0), (result.AdmittedNow, result.RefusedNow));
        }).Check(Properties.Of(600));

    [Fact]
    public void Any_change_on_a_random_life_is_decided_the_same_twice() =>
        Prop.ForAll(RandomPool.Lives, Gen.Choose(0, 4).ToArbitrary(), Gen.Elements(Enum.GetValues<AdmissionPolicy>()).ToArbitrary(), (steps, replicas, policy) =>
        {
            var history = new PoolRun().Take(RandomPools.Beginning).Take(steps).History;
            var changes = new WhatIfChanges(replicas, 20, new Dictionary<EntitlementId, EntitlementChange> { [new("b")] = new(Spot, null) }, policy, replicas == 1, 0.5);
            Assert.Equal(Run(history, 5, changes).Texts, Run(history, 5, changes).Texts);
        }).Check(Properties.Of(300));

    [Fact]
    public void A_second_replica_admits_what_was_refused_for_the_mean_time_with_the_mean_output()
    {
        var history = Crowded();
        var result = Run(history, 4, new(2, null, new Dictionary<EntitlementId, EntitlementChange>())).Result;
        Assert.Equal((10, 2), (result.Recorded.Admitted, result.Recorded.Refused));
        Assert.Equal((12, 0, 2, 0), (result.WhatIf.Admitted, result.WhatIf.Refused, result.AdmittedNow, result.RefusedNow));
        // Ten requests of 10 + 10 tokens used half of their output; the two others are given the same.
        Assert.Equal((10 * 15, 12 * 15), (result.Recorded.TokensServed, result.WhatIf.TokensServed));
        Assert.Equal((TimeSpan.FromSeconds(4), 0.5), (result.Means["e"].Duration, result.Means["e"].OutputShare));
        Assert.Equal((1.0, 0.6), (result.Recorded.Sequences.Peak, result.WhatIf.Sequences.Peak));
    }

    [Fact]
    public void Half_a_pool_refuses_what_was_admitted_and_its_later_events_have_no_place()
    {
        var history = Crowded();
        var halved = new Dictionary<EntitlementId, EntitlementChange> { [new("g")] = new(Guaranteed, new(10, 5_000, 5)) };
        var result = Run(history, 4, new(null, null, halved)).Result;
        Assert.Equal((5, 7, 5), (result.WhatIf.Admitted, result.WhatIf.Refused, result.RefusedNow));
        Assert.Equal(5 * 15, result.WhatIf.TokensServed);
        Assert.Equal([new("concurrency-exceeded", 7)], result.WhatIf.RefusedByReason);
    }

    [Fact]
    public void One_that_is_admitted_at_an_earlier_attempt_keeps_its_recorded_duration_and_does_not_come_again()
    {
        var pool = new PoolScenario().Given(Story.Configure(sequences: 1, most: 2), Story.Grant("e", Elastic), Story.Admit(1, "e"));
        pool.At(1).When(Story.Admit(2, "e")).ThenRefuses(DenialReason.ConcurrencyExceeded);
        pool.At(2).Given(Story.Settle(1, 10, 0));
        pool.At(3).Given(Story.Admit(2, "e"));
        pool.At(10).Given(Story.Settle(2, 10, 3));
        pool.At(20).Given(Story.Admit(3, "e"));
        var ends = new List<ReplayedDecision>();
        var result = Run(pool.History, 1, new(2, null, new Dictionary<EntitlementId, EntitlementChange>()), ends.Add).Result;
        Assert.Equal((4, 3), (result.Recorded.Attempts, result.WhatIf.Attempts));
        var settled = ends.Single(decision => decision.Events.OfType<ReservationSettled>().Any(e => e.Request == Story.Id(2)));
        Assert.Equal((PoolScenario.Start.AddSeconds(8), 3), (settled.At, settled.Events.OfType<ReservationSettled>().Single().OutputTokens));
    }

    [Fact]
    public void One_that_was_stopped_in_the_record_and_not_here_goes_on_to_an_end()
    {
        var pool = new PoolScenario().Given(Story.Configure(most: 2), Story.Grant("x", Preemptible));
        pool.Given(Story.Admit(1, "x", 10)).At(6).Given(Story.Settle(1, 10, 0));
        for (var i = 10; i < 20; i++) pool.Given(Story.Admit(i, "x", 1));
        pool.At(7).Given(Story.Grant("g", Guaranteed, 30, 3_000, 3), Story.Admit(2, "g", 1));
        pool.At(30).Given(Story.Admit(3, "g", 1));
        var result = Run(pool.History, 1, new(2, null, new Dictionary<EntitlementId, EntitlementChange>())).Result;
        Assert.Equal((2, 0), (result.Recorded.Evicted, result.WhatIf.Evicted));
        Assert.Equal((1, 3), (result.Recorded.Served, result.WhatIf.Served));
    }

    [Fact]
    public void The_same_demand_under_every_policy()
    {
        // Twelve at once: all of them; half of ten each for "e" and "g", which have no baseline; and, of equals, the ten there is room for.
        Assert.Equal((12, 0), Under(AdmissionPolicy.AdmitAll));
        Assert.Equal((5, 7), Under(AdmissionPolicy.RateLimit));
        Assert.Equal((10, 2), Under(AdmissionPolicy.Threshold));
        Assert.Equal((10, 2), Under(AdmissionPolicy.WeightedShare));

        static (long, long) Under(AdmissionPolicy policy) => Run(Crowded(), 4, s_same with { Policy = policy }).Result.WhatIf is var run ? (run.Admitted, run.Refused) : default;
    }

    [Fact]
    public void Under_weighted_share_the_pool_is_divided_in_every_tick_whatever_policy_the_record_was_made_under()
    {
        // One asks first every time and fills the pool; the other, of the same weight, comes away empty under the threshold.
        var pool = new PoolScenario().Given(
            Story.Configure(tokens: 1_000, policy: AdmissionPolicy.Threshold), Story.Grant("first", Elastic, 500, 5_000, 5), Story.Grant("second", Elastic, 500, 5_000, 5));
        var (request, running) = (0, new Queue<(int At, int Request)>());
        for (var second = 1; second <= 120; second++)
        {
            pool.At(second);
            while (running.TryPeek(out var oldest) && oldest.At + 4 <= second) pool.When(Story.Settle(running.Dequeue().Request, 400, 0));
            foreach (var name in (string[])["first", "second"])
                for (var i = 0; i < 12; i++)
                    if (pool.When(Story.Admit(++request, name, 400)).Answer is Admitted) running.Enqueue((second, request));
        }
        var run = Run(pool.History, 4, s_same with { Policy = AdmissionPolicy.WeightedShare }).Result;
        var (first, other) = (run.WhatIf.Entitlements[0], run.WhatIf.Entitlements[1]);
        Assert.Equal(0, run.Recorded.Entitlements[1].Admitted);
        Assert.True(other.Admitted > 0.4 * (first.Admitted + other.Admitted), $"{first.Admitted} and {other.Admitted}");
    }

    [Fact]
    public void Shadow_tells_what_would_have_been_refused_and_without_it_refuses_that()
    {
        var shadowed = Run(Crowded(), 4, s_same with { Shadow = true }).Result;
        Assert.Equal((12, 0, 2, 0), (shadowed.WhatIf.Admitted, shadowed.WhatIf.Refused, shadowed.WhatIf.ShadowDenied, shadowed.Recorded.ShadowDenied));
        var enforced = Run(Crowded(shadow: true), 4, s_same with { Shadow = false }).Result;
        Assert.Equal((12, 2, 10, 2), (enforced.Recorded.Admitted, enforced.Recorded.ShadowDenied, enforced.WhatIf.Admitted, enforced.WhatIf.Refused));
    }

    [Fact]
    public void Says_why_a_pool_cannot_have_the_settings()
    {
        var changes = new WhatIfChanges(null, null, new Dictionary<EntitlementId, EntitlementChange> { [new("e")] = new(Guaranteed, new(1_000, 0, 0)) });
        Assert.Contains("can promise", Assert.Throws<WhatIfRefusedException>(() => Run(Crowded(), 4, changes)).Message, StringComparison.Ordinal);
        Assert.Contains("no entitlement 'nobody'", Assert.Throws<WhatIfRefusedException>(
            () => Run(Crowded(), 4, new(null, null, new Dictionary<EntitlementId, EntitlementChange> { [new("nobody")] = new(Spot, null) }))).Message, StringComparison.Ordinal);
    }

    /// <summary>Twelve requests at once in a pool of ten sequences; those that are admitted end after four seconds with half their output.</summary>
    private static IReadOnlyList<RecordedEvent> Crowded(bool shadow = false)
    {
        var pool = new PoolScenario().Given(Story.Configure(most: 2, shadow: shadow), Story.Grant("e", Elastic), Story.Grant("g", Elastic));
        for (var i = 1; i <= 12; i++)
            if (i <= 10 || shadow) pool.Given(Story.Admit(i, "e", 10, 10));
            else pool.When(Story.Admit(i, "e", 10, 10)).ThenRefuses(DenialReason.ConcurrencyExceeded);
        for (var i = 1; i <= 10; i++) pool.At(4).Given(Story.Settle(i, 10, 5));
        return pool.At(20).Given(Story.Grant("late", Spot)).History;
    }

    private static List<string> Recorded(IReadOnlyList<RecordedEvent> history, int from)
    {
        List<string> texts = [];
        var verifier = new ReplayVerifier(PoolScenario.Pool) { Decided = decision => texts.AddRange(decision.Position < from ? [] : decision.Events.Select(PoolScenario.Text)) };
        foreach (var recorded in history) Assert.Null(verifier.Take(recorded));
        return texts;
    }

    private static (List<string> Texts, WhatIfResult Result) Run(IReadOnlyList<RecordedEvent> history, int from, WhatIfChanges changes, Action<ReplayedDecision>? decided = null)
    {
        List<string> texts = [];
        var study = new WhatIfStudy(PoolScenario.Pool, new(from, history.Count, history[from - 1].Timestamp, history[^1].Timestamp), changes)
        {
            Decided = decision =>
            {
                texts.AddRange(decision.Events.Select(PoolScenario.Text));
                decided?.Invoke(decision);
            },
        };
        foreach (var recorded in history) Assert.Null(study.Take(recorded));
        Assert.True(study.IsBetweenDecisions);
        return (texts, study.Compare());
    }
}
