using Npgsql;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>The script in docs/marten.md, run as it is written: its user can do what Marten's queries and daemon do, and nothing to the ledger.</summary>
public sealed class MartenRoleTests(PostgresServer server) : IAsyncLifetime
{
    private NpgsqlDataSource _owner = null!;
    private NpgsqlDataSource _marten = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var connection = await server.CreateConnectionStringAsync("marten");
        (_owner, _marten) = (LedgerDatabase.Open(connection), NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection) { Username = "marten" }.ConnectionString));
        await LedgerDatabase.UpgradeAsync(_owner, Ct);
        // Roles are the whole server's: an earlier test's is in the way.
        await ExecuteAsync(_owner, "drop role if exists marten");
        await ExecuteAsync(_owner, Assert.Single(Checkout.Blocks("docs/marten.md", "sql")));
        await new PostgresLedger(_owner).AppendAsync("a", 0, Facts.Capacities(9), Ct);
        await new PostgresLedger(_owner).SaveCheckpointAsync("metering-usage", 4, Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await ExecuteAsync(_owner, "drop owned by marten");
        await _marten.DisposeAsync();
        await _owner.DisposeAsync();
    }

    [Fact]
    public async Task Reads_the_ledger_and_keeps_the_progress_of_a_daemon()
    {
        Assert.Equal("9 9 1", await AskAsync(_marten, "select concat_ws(' ', (select last_value from tokenledger.mt_events_sequence), (select count(*) from tokenledger.mt_events), (select count(*) from tokenledger.mt_streams))"));
        await ExecuteAsync(_marten, "select tokenledger.mt_mark_event_progression('HighWaterMark', 7)");
        await ExecuteAsync(_marten, "select tokenledger.mt_mark_event_progression('HighWaterMark', 9)");
        await ExecuteAsync(_marten, "insert into tokenledger.mt_event_progression (name, last_seq_id) values ('UsageByDay:All', 5)");
        await ExecuteAsync(_marten, "update tokenledger.mt_event_progression set last_seq_id = 9 where name = 'UsageByDay:All'");
        await ExecuteAsync(_marten, "create table audit.mt_doc_usagebyday (id varchar primary key)");
        Assert.Equal("HighWaterMark 9, UsageByDay:All 9", await AskAsync(_marten, "select string_agg(name || ' ' || last_seq_id, ', ' order by name) from tokenledger.mt_event_progression"));
    }

    /// <summary>Marten has a repair that updates the table without a condition, and a rebuild deletes rows.</summary>
    [Theory]
    [InlineData("update tokenledger.mt_event_progression set last_seq_id = 1, last_updated = transaction_timestamp()")]
    [InlineData("delete from tokenledger.mt_event_progression")]
    public async Task Does_not_reach_the_checkpoints_of_the_services(string sql)
    {
        await ExecuteAsync(_marten, sql);
        Assert.Equal(4, await new PostgresLedger(_owner).LoadCheckpointAsync("metering-usage", Ct));
    }

    [Theory]
    [InlineData("insert into tokenledger.mt_event_progression (name, last_seq_id) values ('admission-settlement', 9)")]
    [InlineData("select tokenledger.mt_mark_event_progression('metering-usage', 9)")]
    [InlineData("insert into tokenledger.mt_streams (id, version, timestamp, created) values ('b', 1, now(), now())")]
    [InlineData("insert into tokenledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp) values (10, gen_random_uuid(), 'a', 10, '{}', 'x', now())")]
    [InlineData("select nextval('tokenledger.mt_events_sequence')")]
    [InlineData("delete from tokenledger.mt_events")]
    [InlineData("select position from tokenledger.tl_head")]
    [InlineData("drop index tokenledger.ix_mt_events_openings")]
    public async Task Refuses_what_would_be_an_append_a_migration_or_another_readers_checkpoint(string sql)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(_marten, sql));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static async Task<string?> AskAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (string?)await command.ExecuteScalarAsync(Ct);
    }
}
