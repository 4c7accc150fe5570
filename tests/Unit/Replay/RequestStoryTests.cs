using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;
using TokenLedger.Tests.Unit.Core;

namespace TokenLedger.Tests.Unit.Replay;

/// <summary>A request from its first attempt to its end, told from the record.</summary>
public sealed class RequestStoryTests
{
    [Fact]
    public void Tells_every_attempt_and_what_followed()
    {
        var pool = Story.Elastic().Given(Story.Admit(1, "e", 900));
        pool.When(Story.Admit(2, "e", 200)).ThenRefuses(DenialReason.TokensExceeded);
        pool.At(2).Given(Story.Admit(2, "e", 200), Story.Admit(3, "e", 10));
        pool.At(3).Given(Story.FirstToken(2, "e"), Story.Renew(2, "e"), Story.Settle(2, 200, 0));
        var story = Tell(pool.History, 2);
        Assert.Equal([DenialReason.TokensExceeded, null], story.Attempts.Select(attempt => attempt.Explanation.Refused));
        Assert.Equal(pool.History.Where(e => e.Data is RequestDenied || (e.Data is RequestAdmitted admitted && admitted.Request == Story.Id(2))).Select(e => e.Position), story.Attempts.Select(attempt => attempt.Position));
        Assert.Equal(["prefill-released.v1", "reservation-renewed.v1", "reservation-settled.v1"], story.Afterwards.Select(e => e.Type));
    }

    [Fact]
    public void Tells_of_a_wait_and_how_it_ended()
    {
        var pool = Story.Elastic().Given(Story.Admit(1, "e", 1_000), Story.Admit(2, "e", 200, wait: 5_000), Story.Admit(3, "e", 900, wait: 1_000));
        pool.At(1).When(new Drain()).ThenRefuses(DenialReason.WaitExpired);
        pool.At(2).Given(new Drain());
        var (admitted, expired) = (Tell(pool.History, 2), Tell(pool.History, 3));
        Assert.Equal(("request-queued.v1", null), (Assert.Single(admitted.Afterwards).Type, Assert.Single(admitted.Attempts).Explanation.Refused));
        Assert.Equal(("request-queued.v1", DenialReason.WaitExpired), (Assert.Single(expired.Afterwards).Type, Assert.Single(expired.Attempts).Explanation.Refused));
    }

    [Fact]
    public void Looks_at_the_pool_before_those_were_stopped_that_made_room()
    {
        var pool = new PoolScenario().Given(Story.Configure(most: 2), Story.Grant("x", ServiceClass.Preemptible));
        for (var i = 0; i < 10; i++) pool.Given(Story.Admit(i + 10, "x", 1));
        pool.Given(Story.Grant("g", ServiceClass.Guaranteed, 30, 3_000, 3), Story.Admit(1, "g", 1));
        var attempt = Assert.Single(Tell(pool.History, 1).Attempts);
        Assert.Equal((10, 1), (attempt.Explanation.Pool.OpenReservations, attempt.Explanation.Evicted.Count));
        Assert.Equal(["reservation-evicted.v1"], Tell(pool.History, attempt.Explanation.Evicted[0]).Afterwards.Select(e => e.Type));
    }

    [Fact]
    public void Says_that_a_record_that_was_changed_cannot_be_explained()
    {
        var history = Story.Elastic().Given(Story.Admit(1, "e", 900)).History.ToList();
        history[^1] = history[^1] with { Data = (RequestAdmitted)history[^1].Data with { Weight = 7 } };
        var story = new RequestStory(PoolScenario.Pool, Story.Id(1));
        Assert.Equal(history[^1].Position, history.ConvertAll(story.Take)[^1]?.Position);
    }

    private static RequestStory Tell(IReadOnlyList<RecordedEvent> history, int request) => Tell(history, Story.Id(request));

    private static RequestStory Tell(IReadOnlyList<RecordedEvent> history, RequestId request)
    {
        var story = new RequestStory(PoolScenario.Pool, request);
        Assert.All(history, recorded => Assert.Null(story.Take(recorded)));
        return story;
    }
}
