using MassTransit;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Tests.Integration.Hosting;

/// <summary>The same promises over a real broker. Each test's follower has a name, and so queues, of its own.</summary>
public sealed class RabbitMqTests(RabbitServer rabbit)
{
    private readonly MemoryLedger _ledger = new();
    private readonly string _name = $"view-{Guid.NewGuid():N}";

    [Fact]
    public async Task Brings_events_from_one_process_to_another()
    {
        await rabbit.StartAsync();
        var seen = new SeenEvents();
        await using var reader = await (await FollowAsync(rabbit.AmqpUri, BusProcess.BusAlone, seen)).ConnectedAsync();
        await using var writer = await PublishAsync(rabbit.AmqpUri);
        await AppendAsync(700);
        await reader.Follower(_name).WaitForAsync(700, Within.Patience());
        Assert.Equal(UpTo(700), seen.Positions);
    }

    [Fact]
    public async Task Reads_the_ledger_over_a_gap_and_ignores_what_comes_twice()
    {
        await rabbit.StartAsync();
        await AppendAsync(2);
        var seen = new SeenEvents();
        await using var reader = await (await FollowAsync(rabbit.AmqpUri, BusProcess.BusAlone, seen)).ConnectedAsync();
        await reader.Follower(_name).WaitForAsync(2, Within.Patience());
        await AppendAsync(4);
        var recorded = (await _ledger.ReadAllAsync(0, 100, null, null, Within.Patience())).Events;
        await SendAsync(reader, new(0, 2, [recorded[0], recorded[1]]));
        await SendAsync(reader, new(5, 6, [recorded[5]]));
        await reader.Follower(_name).WaitForAsync(6, Within.Patience());
        Assert.Equal(UpTo(6), seen.Positions);
    }

    [Fact]
    public async Task Leaves_at_the_broker_what_a_busy_follower_has_no_room_for()
    {
        await rabbit.StartAsync();
        var stands = new TaskCompletionSource<long>();
        var seen = new SeenEvents(FollowerCheckpoint.KeptByHandler(_ => stands.Task));
        await using var reader = await (await FollowAsync(rabbit.AmqpUri, BusProcess.BusAlone, seen,
            ("TokenLedger:Bus:Prefetch", "1"), ("TokenLedger:Followers:MailboxBatches", "1"), ("TokenLedger:Followers:MailboxPatience", "00:10:00"))).ConnectedAsync();
        // None of them is in the ledger: each can only have waited for its turn.
        for (var position = 1; position <= 50; position++) await SendAsync(reader, new(position - 1, position, [Facts.Recorded(position, "fleet-a", position, Facts.Capacity(1))]));
        stands.SetResult(0);
        await reader.Follower(_name).WaitForAsync(50, Within.Patience());
        Assert.Equal(UpTo(50), seen.Positions);
    }

    [Fact]
    public async Task Goes_on_after_a_restart_of_the_publisher()
    {
        await rabbit.StartAsync();
        var seen = new SeenEvents();
        await using var reader = await (await FollowAsync(rabbit.AmqpUri, BusProcess.BusAlone, seen)).ConnectedAsync();
        for (var round = 1; round <= 2; round++)
        {
            await using var writer = await PublishAsync(rabbit.AmqpUri);
            await AppendAsync(3);
            await reader.Follower(_name).WaitForAsync(3 * round, Within.Patience());
        }
        Assert.Equal(UpTo(6), seen.Positions);
    }

    [Fact]
    public async Task Keeps_up_from_the_ledger_while_there_is_no_broker()
    {
        await using var broker = new RabbitServer();
        var seen = new SeenEvents();
        await using var process = await BothAsync(broker.AmqpUri, BusProcess.LedgerToo, seen);
        await AppendAsync(5);
        await process.Follower(_name).WaitForAsync(5, Within.Patience());
        Assert.Equal(UpTo(5), seen.Positions);
        Assert.NotEqual(BusHealthStatus.Healthy, process.Bus.CheckHealth().Status);
    }

    [Fact]
    public async Task Publishes_what_was_recorded_while_the_broker_was_dead()
    {
        await using var broker = new RabbitServer();
        await broker.StartAsync();
        var seen = new SeenEvents();
        await using var process = await (await BothAsync(broker.AmqpUri, BusProcess.BusAlone, seen)).ConnectedAsync();
        await AppendAsync(3);
        await process.Follower(_name).WaitForAsync(3, Within.Patience());
        await broker.KillAsync();
        await AppendAsync(3);
        await broker.StartAsync();
        await process.Follower(_name).WaitForAsync(6, Within.Patience());
        Assert.Equal(UpTo(6), seen.Positions);
        await process.ConnectedAsync();
    }

    private Task<BusProcess> FollowAsync(Uri broker, string catchUp, SeenEvents seen, params (string, string)[] settings) =>
        BusProcess.StartAsync(_ledger, broker, catchUp, services => services.AddLedgerFollower(_name, [typeof(CapacityChanged)], _ => seen), settings);

    private Task<BusProcess> PublishAsync(Uri broker) =>
        BusProcess.StartAsync(_ledger, broker, BusProcess.BusAlone, services => services.AddLedgerPublisher(_name, [typeof(CapacityChanged)]));

    private Task<BusProcess> BothAsync(Uri broker, string catchUp, SeenEvents seen) => BusProcess.StartAsync(_ledger, broker, catchUp,
        services => services.AddLedgerFollower(_name, [typeof(CapacityChanged)], _ => seen).AddLedgerPublisher(_name, [typeof(CapacityChanged)]));

    private static Task SendAsync(BusProcess process, RecordedBatch batch) => EventTopic.Of(typeof(CapacityChanged)).PublishAsync(process.Bus, batch, Within.Patience());

    private static IEnumerable<long> UpTo(long last) => Enumerable.Range(1, (int)last).Select(position => (long)position);

    private async Task AppendAsync(int count) =>
        await _ledger.AppendAsync("fleet-a", await _ledger.VersionAsync("fleet-a", Within.Patience()), Facts.Capacities(count), Within.Patience());
}
