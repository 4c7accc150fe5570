using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>Whatever is taken from memory is what the database would have answered.</summary>
public sealed class RecentEventsTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private static readonly string s_revoked = EventCatalogue.WireName<OperatorKeyRevoked>();
    private NpgsqlDataSource _source = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _source = await database.OpenLedgerAsync(Ct);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1_000)]
    public async Task Answers_as_the_database_does_whoever_appends(int capacity)
    {
        var (plain, mine, other) = (new PostgresLedger(_source, 0), new PostgresLedger(_source, capacity), new PostgresLedger(_source, capacity));
        var random = new Random(capacity);
        for (long version = 0, step = 0; step < 60; step++)
        {
            // Runs of appends by one process, then by the other, of more and fewer events than are kept.
            var events = Facts.Capacities(random.Next(1, 12)).Select(e => random.Next(4) == 0 ? Facts.KeyRevoked($"k{Guid.NewGuid():N}") : e).ToList();
            await (step / 9 % 2 == 0 ? mine : other).AppendAsync("a", version, events, Ct);
            version += events.Count;
            for (var read = 0; read < 5; read++)
                await SameAsync(plain, mine, Math.Max(0, version - random.Next(20)), random.Next(1, 15), random.Next(3) == 0 ? [s_revoked] : null, random.Next(4) == 0 ? "b" : null);
        }
    }

    [Fact]
    public async Task Keeps_its_order_when_appends_return_in_another()
    {
        var (plain, mine) = (new PostgresLedger(_source, 0), new PostgresLedger(_source, 1_000));
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async writer =>
        {
            for (var version = 0; version < 60; version += 3) await mine.AppendAsync($"s{writer}", version, Facts.Capacities(3), Ct);
        }));
        for (long after = 0; after < 960; after += 37) await SameAsync(plain, mine, after, 100, null, null);
    }

    [Fact]
    public async Task Finds_what_the_database_finds_whoever_appended()
    {
        var (plain, mine, other) = (new PostgresLedger(_source, 0), new PostgresLedger(_source, 7), new PostgresLedger(_source, 7));
        List<Guid> ids = [Guid.NewGuid()];
        for (var version = 0; version < 40; version += 4)
        {
            var events = Facts.Capacities(4);
            await (version % 12 == 0 ? other : mine).AppendAsync("a", version, events, Ct);
            ids.AddRange(events.Select(e => e.Id));
            Assert.Equal((await plain.FindAsync(ids, Ct)).Select(Text).Order(StringComparer.Ordinal), (await mine.FindAsync(ids, Ct)).Select(Text).Order(StringComparer.Ordinal));
        }
        // The last ones come from memory.
        Assert.Equal(4, (await mine.FindAsync([.. ids[^4..], ids[^1]], Ct)).Count);
    }

    /// <summary>The same events up to where the answer reaches; one from memory may reach less far than the head that another process has moved.</summary>
    private static async Task SameAsync(PostgresLedger plain, PostgresLedger mine, long after, int limit, string[]? types, string? stream)
    {
        var (expected, actual) = (await plain.ReadAllAsync(after, limit, types, stream, Ct), await mine.ReadAllAsync(after, limit, types, stream, Ct));
        Assert.Equal(expected.Events.Where(e => e.Position <= actual.Through).Select(Text), actual.Events.Select(Text));
        Assert.True(actual.Through <= expected.Through && (actual.Through > after || expected.Through == after), $"{actual.Through} after {after}, of {expected.Through}");
    }

    private static string Text(RecordedEvent e) =>
        $"{e.Position} {e.Stream} {e.Version} {e.Id} {e.Type} {e.Timestamp:O} {e.CorrelationId} {e.CausationId} {Convert.ToHexString(EventCatalogue.Serialize(e.Data))}";
}
