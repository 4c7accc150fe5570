using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Contracts;
using TokenLedger.Core.Scaling;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>What holds for every pool, whatever is asked of it and whatever its engines say.</summary>
public sealed class ScalingProperties
{
    private const int Cases = 300;

    private static readonly Gen<double?> s_amount = Gen.Frequency((5, Gen.Choose(0, 4_000).Select(n => (double?)n)), (1, Gen.Constant((double?)null)), (1, Gen.Elements<double?>(double.NaN, double.PositiveInfinity, -1)));
    private static readonly Gen<int?> s_count = Gen.Frequency((5, Gen.Choose(0, 400).Select(n => (int?)n)), (1, Gen.Constant((int?)null)));

    private static readonly Gen<ScalingObservation> s_seen =
        from ready in Gen.Frequency((5, Gen.Choose(0, 40).Select(n => (int?)n)), (1, Gen.Constant((int?)null)))
        from age in Gen.Frequency((6, Gen.Constant((double?)1)), (1, Gen.Elements<double?>(null, 40, 700, double.NaN)))
        from ledgerAge in Gen.Frequency((8, Gen.Constant(0.0)), (1, Gen.Elements(40.0, 700)))
        from running in s_count
        from waiting in s_count
        from kv in s_amount
        from prompt in s_amount
        from latency in s_amount
        select new ScalingObservation(ready, age, ledgerAge, running, waiting, kv / 4_000, prompt, prompt, latency / 1_000, latency / 10_000);

    private static readonly Gen<Step> s_step =
        from seconds in Gen.Frequency((8, Gen.Choose(1, 20)), (1, Gen.Choose(20, 400)))
        from requests in Gen.Choose(0, 6)
        from tokens in Gen.Choose(1, 500)
        from what in Gen.Choose(0, 3)
        from seen in s_seen
        select new Step(seconds, requests, tokens, what, seen);

    private static readonly Gen<Life> s_life =
        from least in Gen.Choose(0, 5)
        from span in Gen.Choose(1, 40)
        from promised in Gen.Choose(0, 900)
        from window in Gen.Elements(0, 60, 300)
        from stepUp in Gen.Elements(0, 0, 3)
        from stepDown in Gen.Elements(1, 4)
        from band in Gen.Elements(0, 0.05, 0.3)
        from sides in Gen.Elements<SideRules?>(null, null, new(1, 3, 200, 50), new(1, 2, 200, 50, FollowMix: false))
        from steps in s_step.ArrayOf()
        select new Life(least, least + span + 1, promised, new(StabilizationDownSeconds: window, MaxStepUp: stepUp, MaxStepDown: stepDown, DeadBand: band, TimeToFirstTokenTargetMs: 900, InterTokenTargetMs: 90), sides, steps);

    [Fact]
    public void Never_below_what_is_promised_nor_outside_the_bounds() => Check(life => life.Play((story, decided) =>
    {
        var floor = Math.Max(life.Least, (int)Math.Ceiling(life.Promised / 100.0));
        Assert.InRange(decided.DesiredReplicas, Math.Min(floor, life.Most), life.Most);
        Assert.InRange(decided.Recommendation, Math.Min(floor, life.Most), life.Most);
        if (decided.Sides is { } sides) Assert.Equal(decided.DesiredReplicas, sides.Prefill + sides.Decode);
    }));

    [Fact]
    public void The_same_input_again_says_nothing_new() => Check(life =>
    {
        var story = life.Play((_, _) => { });
        foreach (var seen in life.Steps.Select(step => step.Seen))
        {
            story.Decide(seen);
            Assert.Null(story.Decide(seen));
        }
    });

    [Fact]
    public void More_demand_never_asks_for_less() => Check(life =>
    {
        var (once, thrice) = ((life with { Sides = null }).Play((_, _) => { }, decide: false), (life with { Sides = null }).Play((_, _) => { }, tokensTimes: 3, decide: false));
        Assert.True(once.Decide()!.DesiredReplicas <= thrice.Decide()!.DesiredReplicas);
        Assert.True(once.Need(ScalingSignal.Demand) <= thrice.Need(ScalingSignal.Demand) + 1e-9);
    });

    [Fact]
    public void More_at_the_engines_never_asks_for_less() => Check(life =>
    {
        var story = life.Play((_, _) => { });
        foreach (var seen in life.Steps.Select(step => ScalingCase.Known(step.Seen)))
        {
            var more = seen with { Running = seen.Running + 5, Waiting = seen.Waiting + 5, KvCacheUsage = seen.KvCacheUsage * 1.1, PromptTokensPerSecond = seen.PromptTokensPerSecond + 100, TimeToFirstTokenSeconds = seen.TimeToFirstTokenSeconds * 1.1 };
            Assert.True(Recommended(story, seen) <= Recommended(story, more), $"{seen} and {more}");
        }
    });

    [Fact]
    public void The_order_of_the_signals_does_not_matter() => Check(life =>
    {
        var story = life.Play((_, _) => { });
        foreach (var seen in life.Steps.Select(step => step.Seen))
            Assert.Equal(Text(ScalingDecisions.Decide(story.State, seen, story.Now.AddSeconds(1))), Text(ScalingDecisions.Decide(story.State, seen, story.Now.AddSeconds(1), ScalingDecisions.Signals.Reverse())));
    });

    /// <summary>Unless the operator or a promise moves the bounds, nobody goes up, down and up again within one window.</summary>
    [Fact]
    public void Never_up_and_down_and_up_within_a_window() => Check(life =>
    {
        var moves = life.Play((_, _) => { }).Decisions.Select(d => (d.At, By: d.Decided.DesiredReplicas - d.Decided.PreviousDesiredReplicas)).Where(move => move.By != 0).ToList();
        for (var i = 0; i < moves.Count; i++)
        {
            if (moves[i].By < 0) continue;
            var down = moves.FindIndex(i, move => move.By < 0);
            if (down >= 0) Assert.True(moves[down].At - moves[down - 1].At >= TimeSpan.FromSeconds(life.Rules.StabilizationDownSeconds), $"down at {moves[down].At}, {moves[down].At - moves[down - 1].At} after up");
        }
    });

    private static int Recommended(ScalingStory story, ScalingObservation seen) =>
        ScalingDecisions.Decide(story.State, seen, story.Now + ScalingDecisions.LongestSilence)!.Recommendation;

    private static string Text(ScalingDecided? decided) => decided is null ? "" : System.Text.Encoding.UTF8.GetString(EventCatalogue.Serialize(decided));

    private static void Check(Action<Life> property) => Prop.ForAll(s_life.ToArbitrary(), property).Check(Properties.Of(Cases));

    private sealed record Step(int Seconds, int Requests, int Tokens, int What, ScalingObservation Seen);

    private sealed record Life(int Least, int Most, int Promised, ScalingRules Rules, SideRules? Sides, Step[] Steps)
    {
        public ScalingStory Play(Action<ScalingStory, ScalingDecided> each, int tokensTimes = 1, bool decide = true)
        {
            var story = new ScalingStory(Rules, replicas: Least + 1, Least, Most, sides: Sides).Grant("g", ServiceClass.Guaranteed, Math.Min(Promised, Most * 100)).Grant("s", ServiceClass.Spot);
            var (second, next) = (0.0, 0);
            foreach (var step in Steps)
            {
                story.At(second += step.Seconds + 0.25);
                for (var i = 0; i < step.Requests; i++) Tell(story, step, next++, (long)step.Tokens * tokensTimes);
                if (decide && story.Decide(step.Seen) is { } decided) each(story, decided);
            }
            return story;
        }

        private static void Tell(ScalingStory story, Step step, int request, long tokens)
        {
            switch ((step.What, request % 3))
            {
                case (0, _): story.Deny(request, tokens); break;
                case (1, 0): story.Queue(request, tokens); break;
                case (2, 0): story.Admit(request, tokens, "s"); break;
                case (3, 0): story.Admit(request, tokens, "g"); break;
                default: story.Admit(request, tokens); break;
            }
        }
    }
}
