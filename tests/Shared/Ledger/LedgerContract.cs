using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>What every ledger promises about appending; each implementation inherits it.</summary>
public abstract class LedgerContract
{
    private const int Writers = 8;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A ledger of its own for each test, with nothing in it.</summary>
    protected abstract Task<ILedger> EmptyAsync();

    [Fact]
    public async Task Starts_empty()
    {
        var ledger = await EmptyAsync();
        Assert.Equal(0, await ledger.HeadAsync(Ct));
        Assert.Equal(0, await ledger.VersionAsync("a", Ct));
        Assert.Empty(await ledger.ReadStreamAsync("a", 0, 10, Ct));
        var page = await ledger.ReadAllAsync(0, 10, null, null, Ct);
        Assert.Empty(page.Events);
        Assert.Equal(0, page.Through);
    }

    [Fact]
    public async Task Gives_events_the_next_positions_and_versions()
    {
        var ledger = await EmptyAsync();
        Assert.Equal(new Appended(1, 1), await ledger.AppendAsync("a", 0, Facts.Capacities(2), Ct));
        Assert.Equal(new Appended(3, 1), await ledger.AppendAsync("b", 0, Facts.Capacities(1), Ct));
        Assert.Equal(new Appended(4, 3), await ledger.AppendAsync("a", 2, Facts.Capacities(3), Ct));
        Assert.Equal(6, await ledger.HeadAsync(Ct));
        Assert.Equal(5, await ledger.VersionAsync("a", Ct));
        Assert.Equal(1, await ledger.VersionAsync("b", Ct));
    }

    [Fact]
    public async Task Gives_back_what_was_appended()
    {
        var ledger = await EmptyAsync();
        var admitted = new RequestAdmitted(
            new("a-pool"), new(Guid.NewGuid()), new("an-entitlement"), new("a-tenant"), 12, null, "chat \"é\" \\u0000 🙂", 34,
            new(46, 1L << 60, 1), 0.1 + 0.2, Facts.Noon.AddTicks(1));
        NewEvent[] events = [new(Guid.NewGuid(), Facts.Noon.AddMicroseconds(1), admitted, "c", null), Facts.KeyRevoked("k")];
        await ledger.AppendAsync("a", 0, events, Ct);
        Assert.Equal([Facts.Recorded(1, "a", 1, events[0]), Facts.Recorded(2, "a", 2, events[1])], await ledger.ReadStreamAsync("a", 0, 10, Ct));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Refuses_an_append_at_another_version(long expected)
    {
        var ledger = await EmptyAsync();
        await ledger.AppendAsync("a", 0, Facts.Capacities(2), Ct);
        var conflict = await Assert.ThrowsAsync<VersionConflictException>(() => ledger.AppendAsync("a", expected, Facts.Capacities(1), Ct));
        Assert.Equal(("a", expected), (conflict.Stream, conflict.Expected));
        Assert.Equal(2, await ledger.HeadAsync(Ct));
    }

    [Fact]
    public async Task Refuses_to_append_to_a_stream_that_should_exist_and_does_not()
    {
        var ledger = await EmptyAsync();
        await Assert.ThrowsAsync<VersionConflictException>(() => ledger.AppendAsync("a", 1, Facts.Capacities(1), Ct));
        Assert.Equal(0, await ledger.VersionAsync("a", Ct));
    }

    [Fact]
    public async Task Lets_one_of_many_writers_open_a_stream()
    {
        var ledger = await EmptyAsync();
        var attempts = await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => SucceedsAsync(ledger, "a", 0)));
        Assert.Single(attempts, won => won);
        Assert.Equal(1, await ledger.HeadAsync(Ct));
    }

    [Fact]
    public async Task Refuses_a_fact_twice_even_in_another_stream()
    {
        var ledger = await EmptyAsync();
        var fact = Facts.Capacity(1);
        await ledger.AppendAsync("a", 0, [fact], Ct);
        await Assert.ThrowsAsync<DuplicateEventException>(() => ledger.AppendAsync("b", 0, [fact], Ct));
        await Assert.ThrowsAsync<DuplicateEventException>(() => ledger.AppendAsync("a", 1, [fact], Ct));
        var twin = Facts.Capacity(2);
        await Assert.ThrowsAsync<DuplicateEventException>(() => ledger.AppendAsync("a", 1, [twin, twin], Ct));
        Assert.Equal(1, await ledger.HeadAsync(Ct));
    }

    [Fact]
    public async Task Appends_all_events_or_none()
    {
        var ledger = await EmptyAsync();
        var fact = Facts.Capacity(1);
        await ledger.AppendAsync("a", 0, [fact], Ct);
        await Assert.ThrowsAsync<DuplicateEventException>(() => ledger.AppendAsync("b", 0, [.. Facts.Capacities(5), fact], Ct));
        Assert.Equal(0, await ledger.VersionAsync("b", Ct));
        Assert.Empty(await ledger.ReadStreamAsync("b", 0, 10, Ct));
        // The positions that the failed append had taken are given to the next one.
        Assert.Equal(new Appended(2, 1), await ledger.AppendAsync("b", 0, Facts.Capacities(1), Ct));
    }

    [Fact]
    public async Task Leaves_no_gap_in_positions_under_concurrent_writers()
    {
        const int appends = 25;
        var ledger = await EmptyAsync();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(ledger, writer, appends), Ct)));
        var all = (await ledger.ReadAllAsync(0, 10_000, null, null, Ct)).Events;
        Assert.Equal(Enumerable.Range(1, all.Count).Select(n => (long)n), all.Select(recorded => recorded.Position));
        Assert.Equal(await ledger.HeadAsync(Ct), all.Count);
        foreach (var stream in all.GroupBy(recorded => recorded.Stream))
            Assert.Equal(Enumerable.Range(1, stream.Count()).Select(n => (long)n), stream.Select(recorded => recorded.Version));
        Assert.Equal(Writers + 1, all.Select(recorded => recorded.Stream).Distinct().Count());
    }

    [Fact]
    public async Task Never_shows_a_position_before_those_below_it()
    {
        var ledger = await EmptyAsync();
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(ledger, writer, 15), Ct)));
        long seen = 0;
        while (!writing.IsCompleted || seen < await ledger.HeadAsync(Ct))
        {
            var page = await ledger.ReadAllAsync(seen, 7, null, null, Ct);
            foreach (var recorded in page.Events) Assert.Equal(++seen, recorded.Position);
            Assert.Equal(seen, page.Through);
        }
        await writing;
        Assert.True(seen > 0);
    }

    [Theory]
    [InlineData("local", 0)]
    [InlineData("2026-03-01T12:00:00.0000001Z", 0)]
    [InlineData("2026-03-01T12:00:00+01:00", 0)]
    public async Task Refuses_a_timestamp_it_would_not_give_back(string timestamp, long head)
    {
        var ledger = await EmptyAsync();
        var time = timestamp == "local" ? new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.FromHours(-5)) : DateTimeOffset.Parse(timestamp, null);
        var refused = await Assert.ThrowsAsync<UnrecordableEventException>(() => ledger.AppendAsync("a", 0, [Facts.Capacity(1), Facts.Capacity(2) with { Timestamp = time }], Ct));
        Assert.Equal(1, refused.Index);
        Assert.Equal(head, await ledger.HeadAsync(Ct));
        await ledger.AppendAsync("a", 0, [Facts.Capacity(1) with { Timestamp = time.ToLedgerTime() }], Ct);
    }

    [Fact]
    public async Task Refuses_text_that_cannot_be_stored()
    {
        var ledger = await EmptyAsync();
        NewEvent[] bad =
        [
            Facts.Capacity(1) with { Data = new CapacityChanged(new("a-pool"), 1, 1, "nul \0") },
            Facts.Capacity(1) with { Data = new CapacityChanged(new("a-pool"), 1, 1, "\\\0") },
            Facts.Capacity(1) with { CorrelationId = "\0" },
            Facts.Capacity(1) with { Data = new OutsideTheCatalogue() },
            Facts.Capacity(1) with { Data = new LimitsAdjusted(new("a-pool"), 1, [new(new("e"), 1, 1, double.NaN, 0, 0, default)]) },
        ];
        foreach (var recorded in bad) await Assert.ThrowsAsync<UnrecordableEventException>(() => ledger.AppendAsync("a", 0, [recorded], Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => ledger.AppendAsync("a", 0, [], Ct));
        Assert.Equal(0, await ledger.HeadAsync(Ct));
    }

    private static async Task WriteAsync(ILedger ledger, int writer, int appends)
    {
        for (var i = 0; i < appends; i++)
        {
            await ledger.AppendAsync($"own-{writer}", await ledger.VersionAsync($"own-{writer}", Ct), Facts.Capacities(1 + i % 3), Ct);
            // The shared stream is fought over; who loses just goes on.
            await SucceedsAsync(ledger, "shared", await ledger.VersionAsync("shared", Ct));
        }
    }

    private static async Task<bool> SucceedsAsync(ILedger ledger, string stream, long expected)
    {
        try
        {
            await ledger.AppendAsync(stream, expected, Facts.Capacities(1), Ct);
            return true;
        }
        catch (VersionConflictException)
        {
            return false;
        }
    }

    private sealed record OutsideTheCatalogue : ILedgerEvent;
}
