using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>What a writer does when the ledger, another writer or its own model gets in the way.</summary>
public sealed class StreamWriterFailureTests : IAsyncDisposable
{
    private readonly HookedLedger _ledger = new(new MemoryLedger());
    private readonly TallyModel _model;
    private readonly StreamWriter<TallyCommand, Tally> _writer;

    public StreamWriterFailureTests()
    {
        _model = new(_ledger);
        _writer = new(_ledger, _model, TimeProvider.System, new());
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    [Fact]
    public async Task Decides_again_when_another_writer_was_there()
    {
        await using var other = new StreamWriter<TallyCommand, Tally>(_ledger, new TallyModel(_ledger), TimeProvider.System, new());
        long sum = 0;
        for (var round = 0; round < 5; round++)
        {
            Assert.Equal(++sum, (await _writer.SendAsync(new Add(1), Ct)).Sum);
            Assert.Equal(sum += 10, (await other.SendAsync(new Add(10), Ct)).Sum);
        }
        Assert.Equal(10, await _ledger.VersionAsync("tally", Ct));
    }

    [Fact]
    public async Task Loses_nothing_when_two_writers_compete()
    {
        await using var other = new StreamWriter<TallyCommand, Tally>(_ledger, new TallyModel(_ledger), TimeProvider.System, new() { MaxAttempts = 1000 });
        await using var third = new StreamWriter<TallyCommand, Tally>(_ledger, new TallyModel(_ledger), TimeProvider.System, new() { MaxAttempts = 1000 });
        await Task.WhenAll(Enumerable.Range(0, 400).Select(n => Task.Run(() => (n % 2 == 0 ? other : third).SendAsync(new Add(1), Ct), Ct)));
        Assert.Equal(400, (await _writer.SendAsync(new ReadSum(), Ct)).Sum);
    }

    [Fact]
    public async Task Gives_up_after_a_bounded_number_of_conflicts_and_carries_on()
    {
        _ledger.OnAppend = _ => throw new VersionConflictException("tally", 0);
        await Assert.ThrowsAsync<VersionConflictException>(() => _writer.SendAsync(new Add(1), Ct));
        Assert.Equal(new StreamWriterOptions().MaxAttempts, _ledger.Appends);
        _ledger.OnAppend = null;
        Assert.Equal(2, (await _writer.SendAsync(new Add(2), Ct)).Sum);
    }

    [Fact]
    public async Task Looks_up_again_what_turned_out_to_be_recorded()
    {
        var id = Guid.NewGuid();
        // Between the look-up and the append, someone else records the same fact in another stream.
        _ledger.OnAppend = append =>
        {
            _ledger.OnAppend = null;
            return RaceAsync(append);
        };
        Assert.Equal(new Tally(0, default), await _writer.SendAsync(new Add(5, id), Ct));
        Assert.Equal(0, await _ledger.VersionAsync("tally", Ct));

        async Task<Appended> RaceAsync(Func<Task<Appended>> append)
        {
            await _ledger.AppendAsync("elsewhere", 0, [Facts.Capacity(5, id)], Ct);
            return await append();
        }
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task Finds_out_what_became_of_a_commit_whose_answer_was_lost(bool committed, long recorded)
    {
        var id = Guid.NewGuid();
        _ledger.OnAppend = async append =>
        {
            if (committed) await append();
            throw new IOException("The connection broke.");
        };
        var lost = await Assert.ThrowsAsync<LedgerUnavailableException>(() => _writer.SendAsync(new Add(5, id), Ct));
        Assert.IsType<IOException>(lost.InnerException);
        _ledger.OnAppend = null;
        Assert.Equal(5 * recorded, (await _writer.SendAsync(new ReadSum(), Ct)).Sum);
        // The caller sends it again, and it counts once.
        Assert.Equal(5, (await _writer.SendAsync(new Add(5, id), Ct)).Sum);
        Assert.Equal(1, await _ledger.VersionAsync("tally", Ct));
    }

    [Fact]
    public async Task Fails_one_caller_when_one_decision_fails()
    {
        var (first, gate) = await HoldAsync();
        using var _ = gate;
        var broken = _writer.SendAsync(new Break(), Ct);
        var sound = _writer.SendAsync(new Add(2), Ct);
        gate.Open(2);
        await Assert.ThrowsAsync<InvalidOperationException>(() => broken);
        Assert.Equal(3, (await sound).Sum);
        await first;
    }

    [Fact]
    public async Task Fails_one_caller_when_one_event_cannot_be_recorded()
    {
        var (first, gate) = await HoldAsync();
        using var _ = gate;
        var before = _writer.SendAsync(new Add(2), Ct);
        var bad = _writer.SendAsync(new Add(10, By: "\0"), Ct);
        var after = _writer.SendAsync(new Add(4), Ct);
        gate.Open(3);
        await Assert.ThrowsAsync<UnrecordableEventException>(() => bad);
        Assert.Equal([1, 3, 7], (await Task.WhenAll(first, before, after)).Select(tally => tally.Sum));
    }

    [Fact]
    public async Task Fails_the_batch_and_rebuilds_the_model_when_it_cannot_evolve()
    {
        var (first, gate) = await HoldAsync();
        using var _ = gate;
        Task<Tally>[] batch = [_writer.SendAsync(new Add(2), Ct), _writer.SendAsync(new Add(TallyModel.Poison), Ct), _writer.SendAsync(new Add(4), Ct)];
        gate.Open(2);
        await first;
        foreach (var failed in batch) await Assert.ThrowsAsync<InvalidOperationException>(() => failed);
        Assert.Equal(9, (await _writer.SendAsync(new Add(8), Ct)).Sum);
        Assert.Equal(2, await _ledger.HeadAsync(Ct));
    }

    // Holds the writer in its first append, so that what is sent next makes one batch.
    private async Task<(Task<Tally> First, Gate Gate)> HoldAsync()
    {
        var gate = new Gate(_ledger);
        var first = _writer.SendAsync(new Add(1), Ct);
        await gate.ArrivalAsync(Ct);
        return (first, gate);
    }
}
