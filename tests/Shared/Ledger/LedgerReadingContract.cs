using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>What every ledger promises about reading, checkpoints and signals; each implementation inherits it.</summary>
public abstract class LedgerReadingContract
{
    private static readonly string s_capacity = EventCatalogue.WireName<CapacityChanged>();
    private static readonly string s_revoked = EventCatalogue.WireName<OperatorKeyRevoked>();

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected abstract Task<ILedger> EmptyAsync();

    [Fact]
    public async Task Reads_a_stream_in_pages()
    {
        var ledger = await FilledAsync();
        Assert.Equal([1L, 2L], (await ledger.ReadStreamAsync("a", 0, 2, Ct)).Select(recorded => recorded.Version));
        Assert.Equal([3L, 4L], (await ledger.ReadStreamAsync("a", 2, 10, Ct)).Select(recorded => recorded.Version));
        Assert.Empty(await ledger.ReadStreamAsync("a", 4, 10, Ct));
        Assert.Equal([1L, 2L, 4L, 5L], (await ledger.ReadStreamAsync("a", 0, 10, Ct)).Select(recorded => recorded.Position));
    }

    [Fact]
    public async Task Finds_the_last_event_of_a_type_in_a_stream()
    {
        var ledger = await FilledAsync();
        Assert.Equal(3, await ledger.LastVersionAsync("a", s_capacity, Ct));
        Assert.Equal(1, await ledger.LastVersionAsync("b", s_revoked, Ct));
        Assert.Equal(0, await ledger.LastVersionAsync("nobody", s_capacity, Ct));
    }

    [Fact]
    public async Task Reads_everything_by_position()
    {
        var ledger = await FilledAsync();
        Assert.Equal([1L, 2L, 3L, 4L, 5L, 6L], Positions(await ledger.ReadAllAsync(0, 10, null, null, Ct)));
        Assert.Equal([3L, 4L], Positions(await ledger.ReadAllAsync(2, 2, null, null, Ct)));
        Assert.Empty(Positions(await ledger.ReadAllAsync(6, 10, null, null, Ct)));
    }

    [Fact]
    public async Task Reads_by_type_and_by_stream()
    {
        var ledger = await FilledAsync();
        Assert.Equal([3L, 5L], Positions(await ledger.ReadAllAsync(0, 10, [s_revoked], null, Ct)));
        Assert.Equal([1L, 2L, 3L, 4L, 5L, 6L], Positions(await ledger.ReadAllAsync(0, 10, [s_revoked, s_capacity], null, Ct)));
        Assert.Equal([3L, 6L], Positions(await ledger.ReadAllAsync(0, 10, null, "b", Ct)));
        Assert.Equal([3L], Positions(await ledger.ReadAllAsync(0, 10, [s_revoked], "b", Ct)));
        Assert.Equal([5L], Positions(await ledger.ReadAllAsync(3, 10, [s_revoked], null, Ct)));
        Assert.Empty(Positions(await ledger.ReadAllAsync(0, 10, [], null, Ct)));
        Assert.Empty(Positions(await ledger.ReadAllAsync(0, 10, null, "c", Ct)));
    }

    [Fact]
    public async Task Refuses_a_type_that_is_no_wire_name()
    {
        var ledger = await FilledAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => ledger.ReadAllAsync(0, 10, ["x') or true --"], null, Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => ledger.ReadAllAsync(0, 10, [""], null, Ct));
    }

    [Theory]
    [InlineData(0, 1, 3)]
    [InlineData(0, 2, 5)]
    [InlineData(0, 3, 6)]
    [InlineData(5, 1, 6)]
    [InlineData(3, 1, 5)]
    public async Task Says_how_far_it_looked(long after, int limit, long through)
    {
        var ledger = await FilledAsync();
        Assert.Equal(through, (await ledger.ReadAllAsync(after, limit, [s_revoked], null, Ct)).Through);
    }

    [Fact]
    public async Task Finds_events_by_id()
    {
        var ledger = await EmptyAsync();
        var events = Facts.Capacities(3);
        await ledger.AppendAsync("a", 0, events, Ct);
        var found = await ledger.FindAsync([events[2].Id, Guid.NewGuid(), events[0].Id, events[0].Id], Ct);
        Assert.Equal([1L, 3L], found.Select(recorded => recorded.Position).Order());
        Assert.Empty(await ledger.FindAsync([], Ct));
    }

    [Fact]
    public async Task Never_moves_a_checkpoint_back()
    {
        var ledger = await EmptyAsync();
        Assert.Equal(0, await ledger.LoadCheckpointAsync("reader", Ct));
        await ledger.SaveCheckpointAsync("reader", 5, Ct);
        await ledger.SaveCheckpointAsync("reader", 3, Ct);
        await ledger.SaveCheckpointAsync("other", 1, Ct);
        Assert.Equal(5, await ledger.LoadCheckpointAsync("reader", Ct));
        await ledger.SaveCheckpointAsync("reader", 6, Ct);
        Assert.Equal(6, await ledger.LoadCheckpointAsync("reader", Ct));
        Assert.Equal(1, await ledger.LoadCheckpointAsync("other", Ct));
    }

    [Fact]
    public async Task Wakes_each_waiting_reader_after_an_append()
    {
        var ledger = await EmptyAsync();
        using var one = ledger.Subscribe();
        using var two = ledger.Subscribe();
        Task[] waits = [ledger.WaitForAppendAsync(one, Timeout.InfiniteTimeSpan, Ct), ledger.WaitForAppendAsync(two, Timeout.InfiniteTimeSpan, Ct)];
        Assert.All(waits, wait => Assert.False(wait.IsCompleted));
        await ledger.AppendAsync("a", 0, Facts.Capacities(1), Ct);
        await Task.WhenAll(waits);
    }

    [Fact]
    public async Task Remembers_an_append_that_came_between_two_waits_and_only_once()
    {
        var ledger = await EmptyAsync();
        using var signal = ledger.Subscribe();
        await ledger.AppendAsync("a", 0, Facts.Capacities(1), Ct);
        await ledger.AppendAsync("a", 1, Facts.Capacities(1), Ct);
        await ledger.WaitForAppendAsync(signal, Timeout.InfiniteTimeSpan, Ct);
        var again = ledger.WaitForAppendAsync(signal, Timeout.InfiniteTimeSpan, Ct);
        Assert.False(again.IsCompleted);
        await ledger.AppendAsync("a", 2, Facts.Capacities(1), Ct);
        await again;
    }

    [Fact]
    public async Task Ends_a_wait_when_patience_does()
    {
        var ledger = await EmptyAsync();
        using var signal = ledger.Subscribe();
        await ledger.WaitForAppendAsync(signal, TimeSpan.Zero, Ct);
        Assert.Equal(0, await ledger.HeadAsync(Ct));
    }

    // a: capacity 1, capacity 2, capacity 4, revoked 5 · b: revoked 3, capacity 6
    private async Task<ILedger> FilledAsync()
    {
        var ledger = await EmptyAsync();
        await ledger.AppendAsync("a", 0, Facts.Capacities(2), Ct);
        await ledger.AppendAsync("b", 0, [Facts.KeyRevoked("one")], Ct);
        await ledger.AppendAsync("a", 2, [Facts.Capacity(3), Facts.KeyRevoked("two")], Ct);
        await ledger.AppendAsync("b", 1, Facts.Capacities(1), Ct);
        return ledger;
    }

    private static IEnumerable<long> Positions(LedgerPage page) => page.Events.Select(recorded => recorded.Position);
}
