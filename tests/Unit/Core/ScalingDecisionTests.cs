using TokenLedger.Contracts;
using TokenLedger.Core.Scaling;
using static TokenLedger.Contracts.ScalingReason;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>From what signals ask for to what is decided: bounds, windows, steps, and what is missing. Engines that read 80 tokens/s ask for a replica.</summary>
public sealed class ScalingDecisionTests
{
    private static ScalingObservation Asking(double replicas, int ready = 4) => new(ready, AgeSeconds: 1, PromptTokensPerSecond: replicas * 80);

    [Fact]
    public void Starts_at_once_as_many_as_the_binding_signal_asks_for()
    {
        var decided = new ScalingStory().Grant("g", ServiceClass.Guaranteed, 150).Decide(Asking(7.5))!;
        Assert.Equal((8, 4, 4, 8, ScalingSignal.ActiveTokens, ScaledUp), (decided.DesiredReplicas, decided.PreviousDesiredReplicas, decided.ObservedReplicas, decided.Recommendation, decided.Binding, decided.Reason));
        Assert.Equal("active-tokens asks for 8 replicas, 8 within the bounds; 4 were desired, now 8.", decided.Detail);
        Assert.Equal([ScalingSignal.Promised, ScalingSignal.Demand, ScalingSignal.Queue, ScalingSignal.ActiveTokens], decided.Signals.Select(answer => answer.Signal));
        Assert.Equal((2, 1.5), (decided.Signals[0].DesiredReplicas, decided.Signals[0].Inputs.Single(input => input.Name == "need").Value));
    }

    [Fact]
    public void Never_leaves_the_bounds()
    {
        var story = new ScalingStory(least: 2, most: 6);
        Assert.Equal(6, story.Decide(Asking(50))!.DesiredReplicas);
        foreach (var second in Enumerable.Range(1, 200)) story.At(second * 5).Decide(Asking(0));
        Assert.Equal(2, story.Desired);
    }

    [Theory]
    [InlineData(4.2, 4, DeadBand)]
    [InlineData(4.21, 5, ScaledUp)]
    public void Starts_nothing_within_the_dead_band(double need, int desired, ScalingReason reason)
    {
        var decided = new ScalingStory().Decide(Asking(need))!;
        Assert.Equal((desired, reason), (decided.DesiredReplicas, decided.Reason));
    }

    [Fact]
    public void Stops_nothing_within_the_dead_band()
    {
        var story = new ScalingStory(new(DeadBand: 0.3, StabilizationDownSeconds: 0));
        Assert.Equal((4, DeadBand), (story.Decide(Asking(3))!.DesiredReplicas, story.Last().Reason));
        Assert.Equal(3, story.At(5).Decide(Asking(2))!.DesiredReplicas);
    }

    /// <summary>No recommendation of five minutes may have asked for it, and then one goes every quarter of a minute.</summary>
    [Fact]
    public void Stops_one_at_a_time_once_the_whole_window_agrees()
    {
        var story = new ScalingStory();
        story.Decide(Asking(8));
        story.At(100).Decide(Asking(3));
        for (var second = 105; second < 700; second += 5) story.At(second).Decide(Asking(second == 200 ? 6 : 3));
        Assert.Equal([(0.0, 8), (400, 7), (415, 6), (505, 5), (520, 4), (535, 3)], story.Moves());
    }

    [Fact]
    public void Starts_as_many_as_the_whole_window_up_agrees_on()
    {
        var story = new ScalingStory(new(StabilizationUpSeconds: 20));
        story.Decide(Asking(4));
        Assert.Equal((4, Stabilising), (story.At(5).Decide(Asking(9))!.DesiredReplicas, story.Last().Reason));
        story.At(15).Decide(Asking(6));
        Assert.Equal(6, story.At(25).Decide(Asking(9))!.DesiredReplicas);
    }

    [Fact]
    public void Limits_the_steps_up_where_that_is_asked_for()
    {
        var story = new ScalingStory(new(MaxStepUp: 2, CoolDownSeconds: 10));
        for (var second = 0; second <= 30; second += 5) story.At(second).Decide(Asking(9));
        Assert.Equal([(0.0, 6), (10, 8), (20, 9)], story.Moves());
    }

    [Fact]
    public void Keeps_bounds_that_are_moved_at_once()
    {
        var story = new ScalingStory();
        story.Decide(Asking(4));
        Assert.Equal(9, story.At(5).Grant("g", ServiceClass.Guaranteed, 900).Decide(Asking(4))!.DesiredReplicas);
        var settings = story.State.Settings!;
        story.Record(new PoolReconfigured(ScalingStory.Pool, settings with { Scaling = settings.Scaling with { MaxReplicas = 3 } }));
        Assert.Equal(3, story.At(10).Decide(Asking(4))!.DesiredReplicas);
    }

    [Fact]
    public void Goes_to_zero_only_when_nothing_is_promised_and_comes_back_when_somebody_is_refused()
    {
        var (idle, promised) = (new ScalingStory(), new ScalingStory().Grant("g", ServiceClass.Guaranteed, 1));
        for (var second = 0; second < 400; second += 5)
        {
            idle.At(second).Decide(Asking(0));
            promised.At(second).Decide(Asking(0));
        }
        Assert.Equal((0, 1), (idle.Desired, promised.Desired));
        Assert.Equal(1, idle.Deny(1, 100, reason: DenialReason.NoCapacity).Decide(new(ReadyReplicas: 0, AgeSeconds: 500))!.DesiredReplicas);
    }

    /// <summary>Engines fall silent: nothing is stopped for ten minutes, more is started if the ledger asks; then the ledger alone decides.</summary>
    [Fact]
    public void Holds_while_engines_are_silent_and_then_goes_by_the_ledger()
    {
        var story = new ScalingStory().Grant("g", ServiceClass.Guaranteed, 150);
        story.Decide(Asking(6));
        for (var second = 5; second < 1_200; second += 5) story.At(second).Decide(new(6, AgeSeconds: second));
        var reasons = story.Decisions.ToList();
        Assert.All(reasons.Where(d => d.At > Second(330) && d.At <= Second(600)), d => Assert.Equal((6, SignalsMissing), (d.Decided.DesiredReplicas, d.Decided.Reason)));
        Assert.Contains(reasons, d => d.Decided.Reason == SignalsMissing);
        Assert.Contains("only the ledger decides", reasons[^1].Decided.Detail, StringComparison.Ordinal);
        Assert.Equal((2, FellBack), (story.Desired, reasons[^1].Decided.Reason));
    }

    [Fact]
    public void Falls_back_to_what_is_promised_when_the_ledger_is_silent_and_never_below()
    {
        var story = new ScalingStory().Grant("g", ServiceClass.Guaranteed, 150);
        story.Decide(Asking(6));
        for (var second = 5; second < 1_200; second += 5) story.At(second).Decide(Asking(6) with { LedgerAgeSeconds = second });
        Assert.Equal((2, FellBack), (story.Desired, story.Last().Reason));
        Assert.Equal(6, story.At(1_205).Decide(Asking(6))!.DesiredReplicas);
    }

    [Fact]
    public void Says_nothing_twice_but_again_after_a_silence()
    {
        var story = new ScalingStory();
        Assert.NotNull(story.Decide(Asking(4)));
        Assert.Null(story.Decide(Asking(4)));
        Assert.Null(story.At(299).Decide(Asking(4)));
        Assert.NotNull(story.At(300).Decide(Asking(4)));
    }

    [Fact]
    public void Decides_nothing_without_a_pool_or_before_it_knows_the_demand()
    {
        Assert.Null(ScalingDecisions.Decide(new(ScalingStory.Pool), new(), PoolScenario.Start));
        var books = (BooksCarriedForward)PoolDecisionsOf(new PoolScenario().Given(Story.Configure()));
        var state = new ScalingState(ScalingStory.Pool);
        state.Evolve(new(1, "pool-p", 1, Guid.Empty, "books-carried-forward.v1", PoolScenario.Start, books));
        Assert.Null(ScalingDecisions.Decide(state, new(), PoolScenario.Start + ScalingState.Memory - TimeSpan.FromTicks(1)));
        Assert.NotNull(ScalingDecisions.Decide(state, new(), PoolScenario.Start + ScalingState.Memory));
    }

    private static ILedgerEvent PoolDecisionsOf(PoolScenario pool) => TokenLedger.Core.Pools.PoolDecisions.Decide(pool.State, new TokenLedger.Core.Pools.CloseBooks(), pool.Now).Events.Single();

    private static DateTimeOffset Second(double second) => PoolScenario.Start.AddSeconds(second);
}

internal static class ScalingStories
{
    public static ScalingDecided Last(this ScalingStory story) => story.State.Last!.Value.Decided;

    /// <summary>When what was desired changed, in seconds, and to what.</summary>
    public static IEnumerable<(double, int)> Moves(this ScalingStory story) =>
        story.Decisions.Where(d => d.Decided.DesiredReplicas != d.Decided.PreviousDesiredReplicas).Select(d => ((d.At - PoolScenario.Start).TotalSeconds, d.Decided.DesiredReplicas));
}
