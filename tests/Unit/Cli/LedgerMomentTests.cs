using TokenLedger.Cli;
using TokenLedger.Cli.Replay;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Unit.Cli;

/// <summary>Places in the ledger as people name them.</summary>
public sealed class LedgerMomentTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("17", true)]
    [InlineData("2026-01-01T00:00:00Z", true)]
    [InlineData("2026-01-01T00:00:00.5+02:00", true)]
    [InlineData("0", false)]
    [InlineData("-1", false)]
    [InlineData("2026-01-01T00:00:00", false)]
    [InlineData("yesterday", false)]
    public void Is_a_position_or_a_time_with_its_offset(string text, bool understood) => Assert.Equal(understood, LedgerMoment.TryParse(text, out _));

    [Theory]
    [InlineData(0, 2, 3)]
    [InlineData(0.5, 2, 3)]
    [InlineData(1, 3, 4)]
    [InlineData(1_000, 9, null)]
    public async Task Is_the_last_event_until_a_time_or_the_first_after_it(double second, long last, int? first)
    {
        var (source, moment, ct) = (Ledger(), new LedgerMoment(null, s_start.AddSeconds(second)), TestContext.Current.CancellationToken);
        Assert.Equal(last, await moment.ResolveAsync(source, 9, ct));
        if (first is { } position) Assert.Equal(position, await moment.ResolveFirstAsync(source, 9, ct));
        else await Assert.ThrowsAsync<CommandFailure>(() => moment.ResolveFirstAsync(source, 9, ct));
    }

    [Fact]
    public async Task Is_refused_before_the_beginning_and_beyond_the_head()
    {
        var ct = TestContext.Current.CancellationToken;
        await Assert.ThrowsAsync<CommandFailure>(() => new LedgerMoment(null, s_start.AddTicks(-1)).ResolveAsync(Ledger(), 9, ct));
        await Assert.ThrowsAsync<CommandFailure>(() => new LedgerMoment(10, null).ResolveAsync(Ledger(), 9, ct));
        Assert.Equal(1, await new LedgerMoment(null, s_start.AddTicks(-1)).ResolveFirstAsync(Ledger(), 9, ct));
    }

    [Fact]
    public async Task Two_streams_are_one_in_the_order_of_positions()
    {
        List<long> positions = [];
        await foreach (var raw in Ledger().MergeAsync(new(0, 9, "even"), "odd", TestContext.Current.CancellationToken)) positions.Add(raw.Position);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9], positions);
    }

    /// <summary>Nine events in two streams; the first two at the same time, then one a second.</summary>
    private static RawEvents Ledger() => new([.. Enumerable.Range(1, 9).Select(i => new RecordedEvent(
        i, i % 2 == 0 ? "even" : "odd", i, Guid.Empty, "operator-key-revoked.v1", s_start.AddSeconds(Math.Max(0, i - 2)), new OperatorKeyRevoked(new("k"))))]);
}
