using MassTransit;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Tests.Integration.Hosting;

public sealed class LedgerPublisherTests
{
    private readonly MemoryLedger _ledger = new();

    [Fact]
    public async Task Publishes_every_event_of_its_types_and_no_other()
    {
        await using var process = await PublishAsync();
        var seen = await ListenAsync(process);
        await _ledger.AppendAsync("operators", 0, [Facts.KeyRevoked("k")], Within.Patience());
        await AppendAsync(3);
        await seen.UntilAsync(3);
        Assert.Equal([2, 3, 4], seen.Positions);
        Assert.All(seen.Batches.SelectMany(batch => batch.Events), e => Assert.IsType<CapacityChanged>(e.Data));
    }

    [Fact]
    public async Task Names_the_end_of_the_batch_before_and_none_after_a_start()
    {
        await using (var first = await PublishAsync())
        {
            var seen = await ListenAsync(first);
            await AppendAsync(2);
            await seen.UntilAsync(2);
            await AppendAsync(1);
            await seen.UntilAsync(3);
            AssertChained(seen.Batches);
        }
        // It may have been stopped after the bus had the last message and before it noted that; the second would then send that message again.
        await _ledger.SaveCheckpointAsync("publisher-autoscaler", 3, Within.Patience());
        await using var second = await PublishAsync();
        var later = await ListenAsync(second);
        await AppendAsync(2);
        await later.UntilAsync(2);
        AssertChained(later.Batches);
        Assert.Equal([4, 5], later.Positions);
    }

    [Fact]
    public async Task Divides_a_long_round_into_messages_that_follow_on()
    {
        await using var process = await PublishAsync(("TokenLedger:Bus:BatchEvents", "10"), ("TokenLedger:Bus:RoundEvents", "25"));
        var seen = await ListenAsync(process);
        await AppendAsync(60);
        await seen.UntilAsync(60);
        AssertChained(seen.Batches);
        Assert.All(seen.Batches, batch => Assert.InRange(batch.Events.Count, 1, 10));
        Assert.Equal(Enumerable.Range(1, 60).Select(position => (long)position), seen.Positions);
    }

    [Fact]
    public async Task Begins_with_what_was_recorded_before_it_started()
    {
        await AppendAsync(4);
        var seen = new SeenEvents();
        await using var process = await BusProcess.StartAsync(_ledger, null, BusProcess.LedgerToo, services => services
            .AddLedgerFollower("a-view", [typeof(CapacityChanged)], _ => seen).AddLedgerPublisher("autoscaler", [typeof(CapacityChanged)]));
        await process.Follower("a-view").WaitForAsync(4, Within.Patience());
        Assert.Equal([1, 2, 3, 4], seen.Positions);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(1, 10)]
    [InlineData(10, 10)]
    [InlineData(11, 10)]
    [InlineData(7, 1)]
    public void A_split_loses_nothing_and_only_its_last_part_reaches_the_end(int events, int size)
    {
        RecordedEvent[] recorded = [.. Enumerable.Range(1, events).Select(n => Facts.Recorded(n * 3, "fleet-a", n, Facts.Capacity(n)))];
        RecordedBatch[] parts = [.. RecordedBatch.Split(recorded, 2, 100, size)];
        Assert.Equal(recorded, parts.SelectMany(part => part.Events));
        Assert.Equal((events + size - 1) / size, parts.Length);
        Assert.Equal([2, .. parts.SkipLast(1).Select(part => (long?)part.Events[^1].Position)], parts.Select(part => part.Previous).DefaultIfEmpty(2));
        Assert.Equal(parts.Skip(1).Select(part => part.Previous!.Value).Append(100), parts.Select(part => part.Through).DefaultIfEmpty(100));
    }

    private static void AssertChained(IReadOnlyList<EventBatch<CapacityChanged>> batches)
    {
        Assert.Null(batches[0].Previous);
        Assert.Equal(batches.SkipLast(1).Select(batch => (long?)batch.Through), batches.Skip(1).Select(batch => batch.Previous));
        Assert.All(batches, batch => Assert.All(batch.Events, e => Assert.InRange(e.Position, (batch.Previous ?? 0) + 1, batch.Through)));
    }

    private async Task<BusProcess> PublishAsync(params (string, string)[] settings) => await (await BusProcess.StartAsync(_ledger, null, BusProcess.BusAlone,
        services => services.AddLedgerPublisher("autoscaler", [typeof(CapacityChanged)]), settings)).ConnectedAsync();

    private static async Task<SeenBatches> ListenAsync(BusProcess process)
    {
        var seen = new SeenBatches();
        var endpoint = process.Bus.ConnectReceiveEndpoint("listener", configure =>
        {
            configure.ConcurrentMessageLimit = 1;
            configure.Consumer(() => seen);
        });
        await endpoint.Ready;
        return seen;
    }

    private async Task AppendAsync(int count) =>
        await _ledger.AppendAsync("fleet-a", await _ledger.VersionAsync("fleet-a", Within.Patience()), Facts.Capacities(count), Within.Patience());

    /// <summary>Another reader of the same messages.</summary>
    private sealed class SeenBatches : IConsumer<EventBatch<CapacityChanged>>
    {
        private readonly FollowerPosition _count = new();
        private readonly Lock _gate = new();
        private readonly List<EventBatch<CapacityChanged>> _batches = [];

        public IReadOnlyList<EventBatch<CapacityChanged>> Batches { get { lock (_gate) return [.. _batches]; } }
        public IEnumerable<long> Positions => Batches.SelectMany(batch => batch.Events.Select(e => e.Position));

        public Task Consume(ConsumeContext<EventBatch<CapacityChanged>> context)
        {
            lock (_gate) _batches.Add(context.Message);
            _count.MoveTo(_count.Value + context.Message.Events.Count);
            return Task.CompletedTask;
        }

        public Task UntilAsync(int events) => _count.WaitForAsync(events, Within.Patience());
    }
}
