using TokenLedger.Ledger;

namespace TokenLedger.Tests;

public sealed class StreamWriterTests : IAsyncDisposable
{
    private readonly HookedLedger _ledger = new(new MemoryLedger());
    private readonly ManualClock _clock = new() { Now = Facts.Noon };
    private readonly TallyModel _model;
    private readonly StreamWriter<TallyCommand, Tally> _writer;

    public StreamWriterTests() => (_model, _writer) = Write(new());

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    [Fact]
    public async Task Answers_with_the_place_where_the_decision_landed()
    {
        Assert.Equal(new Tally(5, new(1, 1)), await _writer.SendAsync(new Add(5), Ct));
        await _ledger.AppendAsync("other", 0, Facts.Capacities(3), Ct);
        Assert.Equal(new Tally(12, new(5, 2)), await _writer.SendAsync(new Add(7), Ct));
    }

    [Fact]
    public async Task Appends_what_gathered_during_a_commit_in_one_commit()
    {
        using var gate = new Gate(_ledger);
        var first = _writer.SendAsync(new Add(1), Ct);
        await gate.ArrivalAsync(Ct);
        Task<Tally>[] others = [.. Enumerable.Range(0, 100).Select(_ => _writer.SendAsync(new Add(1), Ct))];
        Assert.Equal(100, _writer.QueueLength);
        gate.Open(2);
        Assert.Equal(new Tally(1, new(1, 1)), await first);
        // Each decision saw the events of those before it.
        Assert.Equal(Enumerable.Range(2, 100).Select(n => new Tally(n, new(n, n))), await Task.WhenAll(others));
        Assert.Equal(2, _ledger.Appends);
    }

    [Fact]
    public async Task Takes_no_more_than_the_largest_batch_at_once()
    {
        var (model, writer) = Write(new() { MaxBatch = 3 });
        await using var _ = writer;
        using var gate = new Gate(_ledger);
        var first = writer.SendAsync(new Add(1), Ct);
        await gate.ArrivalAsync(Ct);
        Task<Tally>[] others = [.. Enumerable.Range(0, 7).Select(_ => writer.SendAsync(new Add(1), Ct))];
        gate.Open(4);
        await Task.WhenAll([first, .. others]);
        Assert.Equal([1, 3, 3, 1], model.BatchSizes);
    }

    [Fact]
    public async Task Answers_a_query_only_when_what_it_saw_is_durable()
    {
        using var gate = new Gate(_ledger);
        var first = _writer.SendAsync(new Add(1), Ct);
        await gate.ArrivalAsync(Ct);
        var add = _writer.SendAsync(new Add(2), Ct);
        var query = _writer.SendAsync(new ReadSum(), Ct);
        gate.Open();
        await first;
        await gate.ArrivalAsync(Ct);
        Assert.False(query.IsCompleted);
        gate.Open();
        Assert.Equal(3, (await query).Sum);
        Assert.Equal(3, (await add).Sum);
    }

    [Fact]
    public async Task Answers_queries_alone_without_an_append()
    {
        Assert.Equal(0, (await _writer.SendAsync(new ReadSum(), Ct)).Sum);
        Assert.Equal(0, _ledger.Appends);
    }

    [Fact]
    public async Task Puts_a_command_that_asks_for_it_first_into_the_next_batch()
    {
        var id = Guid.NewGuid();
        using var gate = new Gate(_ledger);
        var first = _writer.SendAsync(new Add(1), Ct);
        await gate.ArrivalAsync(Ct);
        var once = _writer.SendAsync(new Add(10, id), Ct);
        var again = _writer.SendAsync(new Add(10, id), Ct);
        gate.Open();
        await gate.ArrivalAsync(Ct);
        var behind = _writer.SendAsync(new Add(100), Ct);
        gate.Open(2);
        Assert.Equal(11, (await once).Sum);
        Assert.Equal(11, (await again).Sum);
        Assert.Equal(111, (await behind).Sum);
        await first;
        Assert.Equal(3, await _ledger.VersionAsync("tally", Ct));
    }

    [Fact]
    public async Task Puts_a_command_off_a_bounded_number_of_times()
    {
        await _writer.SendAsync(new Wait(5), Ct);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _writer.SendAsync(new Wait(6), Ct));
        Assert.Equal(1, (await _writer.SendAsync(new Add(1), Ct)).Sum);
    }

    [Fact]
    public async Task Refuses_at_once_when_the_queue_is_full()
    {
        var (_, writer) = Write(new() { QueueCapacity = 2 });
        await using var _ = writer;
        using var gate = new Gate(_ledger);
        List<Task<Tally>> taken = [writer.SendAsync(new Add(1), Ct)];
        await gate.ArrivalAsync(Ct);
        taken.AddRange([writer.SendAsync(new Add(1), Ct), writer.SendAsync(new Add(1), Ct)]);
        Assert.True(writer.SendAsync(new Add(1), Ct) is { IsFaulted: true, Exception.InnerException: QueueFullException });
        gate.Open(2);
        Assert.Equal([1, 2, 3], (await Task.WhenAll(taken)).Select(tally => tally.Sum));
    }

    [Fact]
    public async Task Drops_a_command_whose_caller_has_gone()
    {
        using var gate = new Gate(_ledger);
        var first = _writer.SendAsync(new Add(1), Ct);
        await gate.ArrivalAsync(Ct);
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var dropped = _writer.SendAsync(new Add(10), caller.Token);
        var kept = _writer.SendAsync(new Add(100), Ct);
        await caller.CancelAsync();
        gate.Open(2);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dropped);
        Assert.Equal(101, (await kept).Sum);
        await first;
    }

    [Fact]
    public async Task Closes_each_batch_with_the_models_own_events()
    {
        var (_, writer) = Write(new(), countsBatches: true);
        await using var _ = writer;
        Assert.Equal(new Tally(1, new(1, 1)), await writer.SendAsync(new Add(1), Ct));
        Assert.Equal(new Tally(1002, new(3, 3)), await writer.SendAsync(new Add(1), Ct));
        Assert.Equal(4, await _ledger.HeadAsync(Ct));
    }

    [Fact]
    public async Task Never_writes_a_time_before_that_of_the_last_event()
    {
        _clock.Now = Facts.Noon.AddTicks(19);
        await _writer.SendAsync(new Add(1), Ct);
        _clock.Now = Facts.Noon.AddHours(-1);
        await _writer.SendAsync(new Add(1), Ct);
        var (_, restarted) = Write(new());
        await using var _ = restarted;
        await restarted.SendAsync(new Add(1), Ct);
        _clock.Now = Facts.Noon.AddSeconds(1);
        await restarted.SendAsync(new Add(1), Ct);
        var times = (await _ledger.ReadStreamAsync("tally", 0, 10, Ct)).Select(recorded => recorded.Timestamp - Facts.Noon);
        Assert.Equal([TimeSpan.FromMicroseconds(1), TimeSpan.FromMicroseconds(1), TimeSpan.FromMicroseconds(1), TimeSpan.FromSeconds(1)], times);
    }

    [Fact]
    public async Task Rebuilds_the_model_page_by_page()
    {
        await _writer.SendAsync(new Add(1), Ct);
        await _ledger.AppendAsync("tally", 1, Facts.Capacities(4), Ct);
        var (_, writer) = Write(new() { LoadPageSize = 2 });
        await using var _ = writer;
        Assert.Equal(new Tally(12, new(6, 6)), await writer.SendAsync(new Add(1), Ct));
    }

    [Fact]
    public async Task Finishes_what_waits_when_it_is_disposed_and_takes_no_more()
    {
        using var gate = new Gate(_ledger);
        var first = _writer.SendAsync(new Add(1), Ct);
        await gate.ArrivalAsync(Ct);
        var waiting = _writer.SendAsync(new Add(2), Ct);
        var disposal = _writer.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _writer.SendAsync(new Add(4), Ct));
        gate.Open(2);
        await disposal;
        Assert.Equal(1, (await first).Sum);
        Assert.Equal(3, (await waiting).Sum);
    }

    private (TallyModel Model, StreamWriter<TallyCommand, Tally> Writer) Write(StreamWriterOptions options, bool countsBatches = false)
    {
        var model = new TallyModel(_ledger) { CountsBatches = countsBatches };
        return (model, new(_ledger, model, _clock, options));
    }

    private sealed class ManualClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
