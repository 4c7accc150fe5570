using TokenLedger.Contracts;
using static TokenLedger.Contracts.ScalingSignal;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>Each signal, worked out by hand.</summary>
public sealed class ScalingSignalTests
{
    private const double Precision = 1e-6;

    /// <summary>A minute of one request of 200 tokens a second, on a whole five seconds: 55 s are counted, and the rate has a deviation of 200 · √55 ÷ 55.</summary>
    private static readonly double s_level = 200 + 200 * Math.Sqrt(55) / 55;

    [Theory]
    [InlineData(150, 5_000, 12, 1.5)]
    [InlineData(50, 45_000, 12, 4.5)]
    [InlineData(50, 5_000, 72, 7.2)]
    public void Promised_is_what_the_largest_dimension_needs(long tokens, long kv, int sequences, double replicas) =>
        Assert.Equal(replicas, new ScalingStory().Grant("g", ServiceClass.Guaranteed, tokens, kv, sequences).Need(Promised), Precision);

    [Fact]
    public void Promised_counts_what_is_reserved_and_what_will_be_when_a_replica_serves()
    {
        var story = new ScalingStory().Grant("d", ServiceClass.Dedicated, 100).Grant("s", ServiceClass.Elastic, 900).Grant("soon", ServiceClass.Guaranteed, 200, from: 60).Grant("late", ServiceClass.Guaranteed, 400, from: 61);
        Assert.Equal(3, story.Need(Promised), Precision);
        story.At(1);
        Assert.Equal(7, story.Need(Promised), Precision);
        story.Record(new EntitlementRevoked(ScalingStory.Pool, new("soon")));
        Assert.Equal(5, story.Need(Promised), Precision);
    }

    [Fact]
    public void Demand_is_the_level_over_what_a_replica_is_planned_with() => Assert.Equal(s_level / 80, new ScalingStory().Steady(180, 200).Need(Demand), Precision);

    [Fact]
    public void Demand_takes_off_what_requests_do_not_use() => Assert.Equal(s_level * 0.5 / 80, new ScalingStory().Steady(180, 200, hold: 1, used: 100).Need(Demand), Precision);

    /// <summary>One request a second for 40 s each holds 40 sequences, which five replicas have at 0.8; tokens would need 2.8.</summary>
    [Fact]
    public void Demand_counts_the_sequences_that_are_held() => Assert.Equal(s_level / 200 * 40 / 8, new ScalingStory().Steady(180, 200, hold: 40).Need(Demand), Precision);

    [Fact]
    public void Demand_counts_a_refused_request_once_however_often_it_comes_back()
    {
        var story = new ScalingStory();
        for (var second = 0; second < 55; second++)
            story.At(second + 0.5).Deny(second, 200).Deny(second, 200).Admit(second, 200);
        Assert.Equal(s_level / 80, story.At(55).Need(Demand), Precision);
    }

    [Fact]
    public void Demand_is_not_of_those_who_have_surplus_only_nor_of_what_never_fits()
    {
        var story = new ScalingStory().Grant("s", ServiceClass.Spot).Steady(180, 200, entitlement: "s").Deny(1, 1_000, reason: DenialReason.NeverFits);
        Assert.Equal(0, story.Need(Demand), Precision);
    }

    [Fact]
    public void Demand_counts_refusals_that_are_only_counted() =>
        // A hundred requests of 55 tokens: 100 tokens/s over 55 s with a deviation of 55 · √100 ÷ 55; within the last ten seconds they are far above that, 550 tokens/s.
        Assert.Equal(5_500 / 10.0 / 80, new ScalingStory().At(54).Record(new RequestsDenied(ScalingStory.Pool, [new(new("e"), DenialReason.PoolExhausted, 100, 5_500)])).At(55).Need(Demand), Precision);

    [Fact]
    public void Demand_repays_what_is_owed_within_the_horizon() =>
        Assert.Equal(12_000 / 120.0 / 80, new ScalingStory().Record(new LimitsApplied(ScalingStory.Pool, 4, 0, 5, [new(new("e"), default, 0, 0, 1, OwedTokens: 12_000)])).Need(Demand), Precision);

    /// <summary>A floor of 100 tokens/s and 10 sequences stays free beside the demand of others, as far as it is not lent.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.5, 0.5)]
    public void Demand_adds_what_floors_keep_free(double lending, double kept) =>
        Assert.Equal(s_level / 80 + kept, new ScalingStory(lending: lending).Grant("g", ServiceClass.Guaranteed, 100).Steady(180, 200).Need(Demand), Precision);

    /// <summary>20 wait, for about a minute each (nothing has ended yet): half of them still wait when a replica serves.</summary>
    [Fact]
    public void Queue_is_what_runs_and_what_will_still_wait() => Assert.Equal((40 + 20 * 0.5) / 8, new ScalingStory().Need(Queue, new(4, 1, Running: 40, Waiting: 20)), Precision);

    [Fact]
    public void Queue_asks_for_nothing_while_it_is_gone_within_the_target() =>
        Assert.Equal(0, new ScalingStory(new(QueueTargetMs: 30_000)).Need(Queue, new(4, 1, Running: 40, Waiting: 20)), Precision);

    [Fact]
    public void Queue_counts_who_waits_for_admission_until_they_are_admitted()
    {
        var story = new ScalingStory().Admit(1, 10).Queue(2, 10).Queue(3, 10);
        Assert.Equal((1 + 2 * 0.5) / 8, story.Need(Queue), Precision);
        Assert.Equal((2 + 1 * 0.5) / 8, story.Admit(2, 10).Need(Queue), Precision);
        Assert.Equal(0, story.Deny(3, 10, reason: DenialReason.WaitExpired).Need(Queue), Precision);
    }

    [Fact]
    public void Active_tokens_are_what_engines_read_and_make() => Assert.Equal(400 / 80.0, new ScalingStory().Need(ActiveTokens, new(4, 1, PromptTokensPerSecond: 300, GenerationTokensPerSecond: 100)), Precision);

    /// <summary>Three of four sequences are held by spot, which no replica is started for.</summary>
    [Fact]
    public void Engines_signals_leave_out_the_share_of_those_who_have_surplus_only()
    {
        var story = new ScalingStory().Grant("s", ServiceClass.Spot).Admit(1, 10).Admit(2, 10, "s").Admit(3, 10, "s").Admit(4, 10, "s");
        Assert.Equal(400 * 0.25 / 80, story.Need(ActiveTokens, new(4, 1, PromptTokensPerSecond: 400)), Precision);
    }

    [Fact]
    public void The_kv_cache_counts_when_it_has_been_full_for_a_while()
    {
        var (story, full) = (new ScalingStory(), new ScalingObservation(4, 1, KvCacheUsage: 0.95));
        story.Decide(full);
        Assert.Equal(0, story.At(14).Need(KvReactive, full), Precision);
        Assert.Equal(4 * 0.95 / 0.8, story.At(15).Need(KvReactive, full), Precision);
        story.Decide(full with { KvCacheUsage = 0.9 });
        Assert.Equal(0, story.At(31).Need(KvReactive, full), Precision);
    }

    [Fact]
    public void The_kv_forecast_is_littles_law() => Assert.Equal(s_level / 200 * 40 * 200 / 8_000, new ScalingStory().Steady(180, 200, hold: 40).Need(KvForecast), Precision);

    [Theory]
    [InlineData(1.0, 0)]
    [InlineData(1.5, 6)]
    [InlineData(9, 8)]
    public void Latency_asks_in_proportion_to_its_breach_and_for_twice_as_many_at_the_most(double seconds, double replicas)
    {
        var (story, late) = (new ScalingStory(new(TimeToFirstTokenTargetMs: 1_000, InterTokenTargetMs: 1_000)), new ScalingObservation(4, 1, TimeToFirstTokenSeconds: seconds, InterTokenSeconds: seconds));
        story.Decide(late);
        Assert.Equal((replicas, replicas), (story.At(15).Need(TimeToFirstToken, late), story.Need(InterTokenLatency, late)));
    }

    [Fact]
    public void Latency_does_not_ask_again_for_what_is_on_its_way()
    {
        var (story, late) = (new ScalingStory(new(TimeToFirstTokenTargetMs: 1_000)), new ScalingObservation(4, 1, TimeToFirstTokenSeconds: 2));
        story.Decide(late);
        Assert.Equal(8, story.At(15).Decide(late)!.DesiredReplicas);
        Assert.Equal(0, story.At(80).Need(TimeToFirstToken, late with { ReadyReplicas = 8 }));
        Assert.Equal(16, story.At(105).Need(TimeToFirstToken, late with { ReadyReplicas = 8 }));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(28_740, 6)]
    [InlineData(28_800, 6)]
    [InlineData(64_740, 6)]
    [InlineData(64_800, 0)]
    public void The_schedule_counts_from_a_start_up_before_its_time(double second, double replicas) =>
        Assert.Equal(replicas, new ScalingStory(schedule: [new("0 8 * * *", Minutes: 600, Replicas: 6)]).At(second).Need(Schedule));

    /// <summary>Half of the tokens are input: 0.7 prefill replicas of 200 tokens/s and 2.8 decode replicas of 50, at 0.8; or the ratio 1 : 3, whose decode side is the shorter.</summary>
    [Theory]
    [InlineData(true, 4, 1, 3)]
    [InlineData(false, 3.7828, 1, 3)]
    public void The_mix_asks_for_both_sides(bool follows, double need, int prefill, int decode)
    {
        var story = new ScalingStory(sides: new(1, 3, 200, 50, follows)).Steady(180, 200);
        Assert.Equal(need, story.Need(Mix), Precision);
        Assert.Equal((new DesiredSides(prefill, decode), 4), (story.Decide()!.Sides, story.Desired));
    }

    [Fact]
    public void The_mix_moves_no_more_replicas_than_the_other_side_is_short_of()
    {
        var story = new ScalingStory(replicas: 8, sides: new(1, 3, 200, 50)).Steady(180, 200);
        Assert.Equal(new DesiredSides(2, 6), story.Decide()!.Sides);
        // From now on all is input: 3.3 prefill replicas are needed, which decode gives.
        for (var second = 180; second < 300; second++) story.At(second + 0.5).Admit(second + 5_000, 480, input: 480);
        Assert.Equal(new DesiredSides(4, 4), story.At(300).Decide()!.Sides);
    }

    [Fact]
    public void What_is_not_known_does_not_answer()
    {
        var story = new ScalingStory();
        Assert.All([ActiveTokens, KvReactive, KvForecast, TimeToFirstToken, Schedule, Mix], signal => Assert.Equal(double.NaN, story.Need(signal, new(4, 1, PromptTokensPerSecond: double.NaN, KvCacheUsage: double.NegativeInfinity))));
        Assert.Equal(double.NaN, story.Need(ActiveTokens, new(4, AgeSeconds: 31, PromptTokensPerSecond: 100)));
        Assert.Equal(double.NaN, story.Need(Demand, new(4, LedgerAgeSeconds: 31)));
    }
}
