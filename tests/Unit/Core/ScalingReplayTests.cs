using TokenLedger.Contracts;
using TokenLedger.Core.Replay;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>Recorded decisions on replicas are made again from the ledger; any change to them or to what they rest on is found.</summary>
public sealed class ScalingReplayTests
{
    [Fact]
    public void Decides_a_history_again_to_the_letter()
    {
        var (history, verifier) = (History(), new ScalingVerifier(ScalingStory.Pool));
        Assert.All(history, recorded => Assert.Null(verifier.Take(Written(recorded))));
        Assert.Equal((history.Count(e => e.Data is ScalingDecided), 0), (verifier.Decisions, verifier.Unverified));
        Assert.InRange(verifier.Decisions, 20, 200);
    }

    /// <summary>The decision was taken before the instance had read what was appended meanwhile.</summary>
    [Fact]
    public void Lets_a_decision_see_no_more_than_it_saw()
    {
        var history = History();
        var at = history.FindLastIndex(e => e.Data is ScalingDecided);
        history = history[..(at + 1)];
        RecordedEvent late = history[at - 1] with { Data = new RequestAdmitted(ScalingStory.Pool, Story.Id(99_999), new("e"), new("tenant"), 1, null, null, 9_999_999, new(10_000_000, 1, 1), 1, history[at].Timestamp) };
        List<RecordedEvent> overtaken = [.. history[..at], late with { Position = history[at].Position }, .. history[at..].Select(e => e with { Position = e.Position + 1 })];
        Assert.Null(Verify(overtaken));
        overtaken[^1] = overtaken[^1] with { Data = (ScalingDecided)overtaken[^1].Data with { ThroughPosition = history[at].Position } };
        Assert.NotNull(Verify(overtaken));
    }

    public static TheoryData<string, Func<ScalingDecided, ScalingDecided>> Tamperings => new()
    {
        { "more replicas", e => e with { DesiredReplicas = e.DesiredReplicas + 1 } },
        { "another recommendation", e => e with { Recommendation = e.Recommendation + 1 } },
        { "another reason", e => e with { Reason = ScalingReason.FellBack } },
        { "another signal", e => e with { Binding = ScalingSignal.Schedule } },
        { "another sentence", e => e with { Detail = "Because." } },
        { "another number", e => e with { Signals = [e.Signals[0] with { Inputs = [.. e.Signals[0].Inputs.Skip(1)] }, .. e.Signals.Skip(1)] } },
        { "other engines", e => e with { Observation = e.Observation with { PromptTokensPerSecond = 1e6 } } },
        { "another memory", e => e with { Memory = new(PoolScenario.Start) } },
    };

    [Theory]
    [MemberData(nameof(Tamperings))]
    public void Finds(string what, Func<ScalingDecided, ScalingDecided> tamper)
    {
        var history = History();
        var at = history.FindLastIndex(e => e.Data is ScalingDecided { Signals.Count: > 1 });
        history[at] = history[at] with { Data = tamper((ScalingDecided)history[at].Data) };
        Assert.True(Verify(history)?.Position == history[at].Position, what);
    }

    [Fact]
    public void Finds_demand_that_was_changed_afterwards()
    {
        var history = History();
        var at = history.FindIndex(history.Count / 2, e => e.Data is RequestAdmitted);
        var admitted = (RequestAdmitted)history[at].Data;
        history[at] = history[at] with { Data = admitted with { Reserved = admitted.Reserved with { Tokens = 50_000 } } };
        Assert.True(Verify(history)?.Position > history[at].Position);
    }

    /// <summary>An archive keeps the events before the books: what was decided on them is counted, and what can be decided again is.</summary>
    [Fact]
    public void Counts_what_was_decided_on_events_that_are_gone()
    {
        var verifier = new ScalingVerifier(ScalingStory.Pool);
        Assert.Null(History().Select(verifier.Take).FirstOrDefault(d => d is not null));
        var without = new ScalingVerifier(ScalingStory.Pool);
        foreach (var recorded in History().Where(e => e.Data is not PoolOpened and not EntitlementGranted and not EntitlementStateChanged)) Assert.Null(without.Take(recorded));
        Assert.Equal((0, verifier.Decisions), (without.Decisions, without.Unverified));
    }

    /// <summary>A quarter of an hour with a flood of requests, engines that are slow, and silent for a while.</summary>
    private static List<RecordedEvent> History()
    {
        var story = new ScalingStory(new(StabilizationDownSeconds: 60, TimeToFirstTokenTargetMs: 1_000)).Grant("g", ServiceClass.Guaranteed, 150, 100, 2);
        for (var second = 0; second < 900; second += 5)
        {
            story.At(second);
            for (var i = 0; i < (second is > 300 and < 500 ? 6 : 1); i++) story.Admit(10 * second + i + 1, 200);
            if (second >= 20) story.Settle(10 * (second - 20) + 1, 150);
            story.At(second + 0.25).Decide(new(
                story.Desired, AgeSeconds: second is > 600 and < 700 ? second - 600 : 1, Running: 10, Waiting: second / 100, KvCacheUsage: second % 200 > 100 ? 0.95 : 0.5, PromptTokensPerSecond: 1_000.0 / 3,
                TimeToFirstTokenSeconds: second is > 350 and < 450 ? 1.7 : 0.3));
        }
        return [.. story.History];
    }

    /// <summary>As the ledger gives it back.</summary>
    private static RecordedEvent Written(RecordedEvent recorded) => recorded with { Data = EventCatalogue.Deserialize(recorded.Type, EventCatalogue.Serialize(recorded.Data)) };

    private static ReplayDifference? Verify(IEnumerable<RecordedEvent> history)
    {
        var verifier = new ScalingVerifier(ScalingStory.Pool);
        return history.Select(verifier.Take).FirstOrDefault(difference => difference is not null);
    }
}
