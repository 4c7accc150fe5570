using Npgsql;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>What an append to the real server adds to what every ledger promises.</summary>
public sealed class AppendTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const string FailAtCommit = """
        create function fail() returns trigger language plpgsql as $$ begin raise exception 'the disk is full'; end $$;
        create constraint trigger fail after insert on mt_events deferrable initially deferred for each row execute function fail();
        """;
    private const string Archive = """
        with archive as (insert into tl_archives (first_position, last_position) values (1, 1))
        insert into tl_archived_facts (id, seq_id, stream_id, version, type, timestamp, data) values ($1, 1, 'a', 1, 'request-admitted.v1', now(), '{}')
        """;
    private NpgsqlDataSource _source = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _source = await database.OpenLedgerAsync(Ct);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    [Fact]
    public async Task Does_not_return_when_the_commit_fails()
    {
        await ExecuteAsync(FailAtCommit);
        var ledger = new PostgresLedger(_source);
        var failure = await Assert.ThrowsAsync<PostgresException>(() => ledger.AppendAsync("a", 0, Facts.Capacities(2), Ct));
        Assert.Equal("the disk is full", failure.MessageText);
        Assert.Equal(0, await ledger.HeadAsync(Ct));
        Assert.Empty((await ledger.ReadAllAsync(0, 10, null, null, Ct)).Events);
    }

    [Fact]
    public async Task Refuses_an_id_whose_event_was_archived()
    {
        var ledger = new PostgresLedger(_source);
        var gone = Facts.Capacity(1);
        await ledger.AppendAsync("a", 0, [Facts.Capacity(2)], Ct);
        await ExecuteAsync(Archive, gone.Id);
        await Assert.ThrowsAsync<DuplicateEventException>(() => ledger.AppendAsync("a", 1, [Facts.Capacity(3), gone], Ct));
        Assert.Equal(1, await ledger.HeadAsync(Ct));
        Assert.Equal(new Appended(2, 2), await ledger.AppendAsync("a", 1, [Facts.Capacity(3)], Ct));
    }

    [Fact]
    public async Task Appends_thousands_at_once()
    {
        var ledger = new PostgresLedger(_source, recentEvents: 0);
        var events = Facts.Capacities(5_000);
        Assert.Equal(new Appended(1, 1), await ledger.AppendAsync("a", 0, events, Ct));
        Assert.Equal(events.Select((e, i) => Facts.Recorded(i + 1, "a", i + 1, e)), (await ledger.ReadAllAsync(0, 10_000, null, null, Ct)).Events);
    }

    private async Task ExecuteAsync(string sql, params object[] parameters)
    {
        await using var command = _source.CreateCommand(sql);
        foreach (var value in parameters) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(Ct);
    }
}
