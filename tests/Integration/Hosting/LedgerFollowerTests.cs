using Microsoft.Extensions.DependencyInjection;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Tests.Integration.Hosting;

public sealed class LedgerFollowerTests
{
    private const string Name = "a-view";

    private readonly MemoryLedger _ledger = new();

    [Fact]
    public async Task Begins_with_what_the_ledger_holds()
    {
        await AppendAsync(5);
        var seen = new SeenEvents();
        await using var process = await FollowAsync(seen);
        await process.Follower(Name).WaitForAsync(5, Within.Patience());
        Assert.Equal([1, 2, 3, 4, 5], seen.Positions);
    }

    [Fact]
    public async Task Takes_a_batch_that_follows_on_without_reading_the_ledger()
    {
        await AppendAsync(2);
        var seen = new SeenEvents();
        await using var process = await FollowAsync(seen);
        await process.Follower(Name).WaitForAsync(2, Within.Patience());
        // These two are not in the ledger, so a reading of it could not have brought them.
        process.Follower(Name).Offer(new(2, 4, [Event(3), Event(4)]));
        await process.Follower(Name).WaitForAsync(4, Within.Patience());
        Assert.Equal([1, 2, 3, 4], seen.Positions);
    }

    [Theory]
    [InlineData(6L)]
    [InlineData(null)]
    public async Task Reads_the_ledger_when_it_cannot_tell_that_a_batch_follows_on(long? previous)
    {
        await AppendAsync(1);
        var seen = new SeenEvents();
        await using var process = await FollowAsync(seen);
        await process.Follower(Name).WaitForAsync(1, Within.Patience());
        await AppendAsync(7);
        process.Follower(Name).Offer(new(previous, 8, [Event(7), Event(8)]));
        await process.Follower(Name).WaitForAsync(8, Within.Patience());
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], seen.Positions);
    }

    [Fact]
    public async Task Ignores_a_batch_it_has_seen_and_the_seen_part_of_one_that_overlaps()
    {
        var seen = new SeenEvents();
        await using var process = await FollowAsync(seen);
        var follower = process.Follower(Name);
        follower.Offer(new(0, 3, [Event(1), Event(2), Event(3)]));
        follower.Offer(new(0, 3, [Event(1), Event(2), Event(3)]));
        follower.Offer(new(0, 5, [Event(1), Event(2), Event(3), Event(4), Event(5)]));
        follower.Offer(new(0, 3, [Event(1), Event(2), Event(3)]));
        follower.Offer(new(5, 6, [Event(6)]));
        await follower.WaitForAsync(6, Within.Patience());
        Assert.Equal([1, 2, 3, 4, 5, 6], seen.Positions);
    }

    [Fact]
    public async Task Takes_what_waits_and_follows_on_in_one_call()
    {
        var stands = new TaskCompletionSource<long>();
        var seen = new SeenEvents(FollowerCheckpoint.KeptByHandler(_ => stands.Task));
        await using var process = await FollowAsync(seen);
        var follower = process.Follower(Name);
        follower.Offer(new(0, 2, [Event(1), Event(2)]));
        follower.Offer(new(0, 3, [Event(1), Event(2), Event(3)]));
        follower.Offer(new(3, 4, [Event(4)]));
        stands.SetResult(0);
        await follower.WaitForAsync(4, Within.Patience());
        Assert.Equal([1, 2, 3, 4], seen.Positions);
        // Three batches in one call, or in two when a look at the ledger came in between.
        Assert.InRange(seen.EventsPerCall.Length, 1, 2);
    }

    [Fact]
    public async Task Goes_back_from_the_ledger_to_the_bus_as_soon_as_that_has_what_follows()
    {
        await AppendAsync(4);
        var stands = new TaskCompletionSource<long>();
        var seen = new SeenEvents(FollowerCheckpoint.KeptByHandler(_ => stands.Task));
        await using var process = await FollowAsync(seen, BusProcess.BusAlone, ("TokenLedger:Followers:CatchUpPage", "2"));
        // The ledger holds no more than four events: the last two can only have come over the bus.
        process.Follower(Name).Offer(new(2, 4, [Event(3), Event(4)]));
        process.Follower(Name).Offer(new(4, 6, [Event(5), Event(6)]));
        stands.SetResult(0);
        await process.Follower(Name).WaitForAsync(6, Within.Patience());
        Assert.Equal([1, 2, 3, 4, 5, 6], seen.Positions);
        Assert.Equal([2, 2, 2], seen.EventsPerCall);
    }

    [Fact]
    public async Task Reads_the_ledger_for_every_batch_when_it_follows_several_types()
    {
        await AppendAsync(1);
        var seen = new SeenEvents();
        await using var process = await BusProcess.StartAsync(_ledger, null, BusProcess.BusAlone,
            services => services.AddLedgerFollower(Name, [typeof(CapacityChanged), typeof(OperatorKeyRevoked)], _ => seen));
        await process.Follower(Name).WaitForAsync(1, Within.Patience());
        await AppendAsync(1);
        await _ledger.AppendAsync("operators", 0, [Facts.KeyRevoked("k")], Within.Patience());
        process.Follower(Name).Offer(new(0, 3, [KeyEvent(3)]));
        await process.Follower(Name).WaitForAsync(3, Within.Patience());
        Assert.Equal([1, 2, 3], seen.Positions);
    }

    [Fact]
    public async Task Looks_at_the_ledger_by_itself_when_no_message_comes()
    {
        var seen = new SeenEvents();
        await using var process = await FollowAsync(seen, BusProcess.LedgerToo);
        await AppendAsync(3);
        await process.Follower(Name).WaitForAsync(3, Within.Patience());
        Assert.Equal([1, 2, 3], seen.Positions);
    }

    [Fact]
    public async Task Moves_past_events_of_other_types()
    {
        var seen = new SeenEvents();
        await _ledger.AppendAsync("operators", 0, [Facts.KeyRevoked("k"), Facts.KeyRevoked("l")], Within.Patience());
        await using var process = await FollowAsync(seen);
        await process.Follower(Name).WaitForAsync(2, Within.Patience());
        Assert.Empty(seen.Positions);
    }

    [Fact]
    public async Task Reads_a_long_ledger_in_pages()
    {
        await AppendAsync(25);
        var seen = new SeenEvents();
        await using var process = await FollowAsync(seen, BusProcess.BusAlone, ("TokenLedger:Followers:CatchUpPage", "10"));
        await process.Follower(Name).WaitForAsync(25, Within.Patience());
        Assert.Equal(Enumerable.Range(1, 25).Select(position => (long)position), seen.Positions);
        Assert.Equal([10, 10, 5], seen.EventsPerCall);
    }

    [Fact]
    public async Task Comes_again_with_the_same_events_after_a_failure()
    {
        await AppendAsync(3);
        var seen = new SeenEvents(FollowerCheckpoint.InLedger) { FailuresToCome = 4 };
        await using var process = await FollowAsync(seen);
        await seen.UntilAsync(handler => handler.Failures == 4);
        await process.Follower(Name).WaitForAsync(3, Within.Patience());
        Assert.Equal([1, 2, 3], seen.Positions);
        Assert.Equal(3, await _ledger.LoadCheckpointAsync(Name, Within.Patience()));
    }

    [Fact]
    public async Task Does_not_move_while_its_handler_fails_and_says_so()
    {
        await AppendAsync(3);
        var seen = new SeenEvents(FollowerCheckpoint.InLedger) { FailuresToCome = -1 };
        await using var process = await FollowAsync(seen);
        await seen.UntilAsync(handler => handler.Failures >= 3);
        Assert.Equal(0, process.Follower(Name).Position);
        Assert.Equal(nameof(InvalidOperationException), process.Follower(Name).Failure);
        Assert.Equal(0, await _ledger.LoadCheckpointAsync(Name, Within.Patience()));
    }

    [Fact]
    public async Task Goes_on_from_the_checkpoint_it_saved_in_the_ledger()
    {
        await AppendAsync(3);
        await using (var first = await FollowAsync(new SeenEvents(FollowerCheckpoint.InLedger)))
            await first.Follower(Name).WaitForAsync(3, Within.Patience());
        await AppendAsync(2);
        var seen = new SeenEvents(FollowerCheckpoint.InLedger);
        await using var second = await FollowAsync(seen);
        await second.Follower(Name).WaitForAsync(5, Within.Patience());
        Assert.Equal([4, 5], seen.Positions);
    }

    [Fact]
    public async Task Goes_on_from_where_its_handler_says()
    {
        await AppendAsync(5);
        var seen = new SeenEvents(FollowerCheckpoint.KeptByHandler(_ => Task.FromResult(2L)));
        await using var process = await FollowAsync(seen);
        await process.Follower(Name).WaitForAsync(5, Within.Patience());
        Assert.Equal([3, 4, 5], seen.Positions);
        Assert.Equal(0, await _ledger.LoadCheckpointAsync(Name, Within.Patience()));
    }

    [Fact]
    public async Task Asks_its_handler_again_where_it_stands_after_a_failure()
    {
        await AppendAsync(5);
        // As when a transaction was committed, but the answer to it was lost.
        var kept = 0L;
        var seen = new SeenEvents(FollowerCheckpoint.KeptByHandler(_ => Task.FromResult(Interlocked.Exchange(ref kept, 3)))) { FailuresToCome = 1 };
        await using var process = await FollowAsync(seen);
        await process.Follower(Name).WaitForAsync(5, Within.Patience());
        Assert.Equal([4, 5], seen.Positions);
    }

    [Fact]
    public async Task Begins_at_the_given_place_when_its_position_is_not_kept_and_stays_there_over_a_failure()
    {
        await AppendAsync(5);
        var seen = new SeenEvents(FollowerCheckpoint.NotKept(start: 1));
        await using var process = await FollowAsync(seen, BusProcess.LedgerToo);
        await process.Follower(Name).WaitForAsync(5, Within.Patience());
        seen.FailuresToCome = 2;
        await AppendAsync(1);
        await process.Follower(Name).WaitForAsync(6, Within.Patience());
        Assert.Equal([2, 3, 4, 5, 6], seen.Positions);
        Assert.Equal(2, seen.Failures);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Recovers_from_the_ledger_what_its_full_mailbox_dropped(bool afterAWait)
    {
        var seen = new SeenEvents();
        await using var process = await FollowAsync(
            seen, BusProcess.BusAlone, ("TokenLedger:Followers:MailboxBatches", "2"), ("TokenLedger:Followers:MailboxPatience", "00:00:00"));
        await AppendAsync(200);
        for (var position = 1; position <= 200; position++)
        {
            var batch = new RecordedBatch(position - 1, position, [Event(position)]);
            if (afterAWait) await process.Follower(Name).OfferAsync(batch, Within.Patience());
            else process.Follower(Name).Offer(batch);
        }
        await process.Follower(Name).WaitForAsync(200, Within.Patience());
        Assert.Equal(Enumerable.Range(1, 200).Select(position => (long)position), seen.Positions);
    }

    private Task<BusProcess> FollowAsync(SeenEvents seen, string catchUp = BusProcess.BusAlone, params (string, string)[] settings) =>
        BusProcess.StartAsync(_ledger, null, catchUp, services => services.AddLedgerFollower(Name, [typeof(CapacityChanged)], _ => seen), settings);

    private async Task AppendAsync(int count) =>
        await _ledger.AppendAsync("fleet-a", await _ledger.VersionAsync("fleet-a", Within.Patience()), Facts.Capacities(count), Within.Patience());

    private static RecordedEvent Event(long position) => Facts.Recorded(position, "fleet-a", position, Facts.Capacity(1));

    private static RecordedEvent KeyEvent(long position) => Facts.Recorded(position, "operators", 1, Facts.KeyRevoked("k"));
}
