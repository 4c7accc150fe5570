using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>What follows without anyone asking: it belongs to the batch, and comes in time when there is none.</summary>
public sealed class StreamWriterFollowTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Follows_every_command_in_its_own_commit_and_tells_what_is_recorded()
    {
        var ledger = new HookedLedger(new MemoryLedger());
        var model = new Countdown();
        await using var writer = new StreamWriter<int, long>(ledger, model, TimeProvider.System, new());
        Assert.Equal(1, await writer.SendAsync(3, Ct));
        Assert.Equal([3, 2, 1, 0], model.Seen);
        Assert.Equal([(3, 1L), (2, 2L), (1, 3L), (0, 4L)], model.Told);
        Assert.Equal(1, ledger.Appends);
        Assert.Equal(5, await writer.SendAsync(0, Ct));
    }

    [Fact]
    public async Task Follows_in_time_when_no_command_comes()
    {
        var ledger = new MemoryLedger();
        var model = new Countdown { Later = TimeSpan.FromMilliseconds(5) };
        await using var writer = new StreamWriter<int, long>(ledger, model, TimeProvider.System, new());
        await writer.SendAsync(2, Ct);
        using var signal = ledger.Subscribe();
        while (await ledger.HeadAsync(Ct) < 3) await ledger.WaitForAppendAsync(signal, TimeSpan.FromMilliseconds(100), Ct);
        await writer.DisposeAsync();
        Assert.Equal([2, 1, 0], model.Seen);
    }

    /// <summary>Counts down by itself from the number that it is sent.</summary>
    private sealed class Countdown : IStreamModel<int, long>
    {
        private DateTimeOffset? _next;

        /// <summary>How long it waits between two numbers.</summary>
        public TimeSpan Later { get; init; }
        public List<int> Seen { get; } = [];
        public List<(int Number, long Position)> Told { get; } = [];
        public string Stream => "countdown";
        public bool NeedsHistory => true;

        public void Reset() => Seen.Clear();

        public void Evolve(ILedgerEvent data, DateTimeOffset timestamp)
        {
            Seen.Add(((CapacityChanged)data).Replicas);
            _next = timestamp + Later;
        }

        public Task PrepareAsync(IReadOnlyList<int> batch, CancellationToken ct) => Task.CompletedTask;

        public Decided<long> Decide(int command, DateTimeOffset now) => new([Count(command, now)], appended => appended.FirstPosition);

        public IReadOnlyList<NewEvent> Follow(DateTimeOffset now) => Seen is [.., > 0 and var last] && _next <= now ? [Count(last - 1, now)] : [];

        public DateTimeOffset? FollowsAt(DateTimeOffset now) => Seen is [.., > 0] ? _next : null;

        public void Recorded(IReadOnlyList<NewEvent> events, Appended appended) =>
            Told.AddRange(events.Select((e, i) => (((CapacityChanged)e.Data).Replicas, appended.FirstPosition + i)));

        public IReadOnlyList<NewEvent> EndBatch(DateTimeOffset now) => [];

        private static NewEvent Count(int number, DateTimeOffset now) => new(Guid.NewGuid(), now, new CapacityChanged(new("countdown"), number, 0, "a test"));
    }
}
