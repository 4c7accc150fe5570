using Npgsql;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>The writer on the real server: its connection is cut in the middle of an append, and others write to its stream.</summary>
public sealed class StreamWriterOnPostgresTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const string LockHead = "select position from tl_head for update";
    private const string KillWhoWaits = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    private NpgsqlDataSource _source = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _source = await database.OpenLedgerAsync(Ct);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    [Fact]
    public async Task Says_that_the_ledger_is_unavailable_when_its_connection_is_cut_and_carries_on()
    {
        await using var writer = Write();
        var id = Guid.NewGuid();
        Assert.Equal(1, (await writer.SendAsync(new Add(1), Ct)).Sum);
        await using (var connection = await _source.OpenConnectionAsync(Ct))
        {
            await using var transaction = await connection.BeginTransactionAsync(Ct);
            await ExecuteAsync(connection, LockHead);
            // On a connection of its own, for a transaction sees the same activity however often it looks.
            await using var killer = await _source.OpenConnectionAsync(Ct);
            var cut = writer.SendAsync(new Add(2, id), Ct);
            while (await ExecuteAsync(killer, KillWhoWaits) is not true) Ct.ThrowIfCancellationRequested();
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => cut);
        }
        Assert.Equal(3, (await writer.SendAsync(new Add(2, id), Ct)).Sum);
        Assert.Equal(2, await new PostgresLedger(_source).HeadAsync(Ct));
    }

    [Fact]
    public async Task Loses_nothing_and_doubles_nothing_when_two_processes_write()
    {
        const int commands = 300;
        await using var one = Write();
        await using var two = Write();
        await Task.WhenAll(Enumerable.Range(0, commands).Select(n => Task.Run(() => (n % 2 == 0 ? one : two).SendAsync(new Add(1), Ct), Ct)));
        await using var fresh = Write();
        Assert.Equal(commands, (await fresh.SendAsync(new ReadSum(), Ct)).Sum);
        Assert.Equal(commands, await new PostgresLedger(_source).HeadAsync(Ct));
    }

    private StreamWriter<TallyCommand, Tally> Write()
    {
        var ledger = new PostgresLedger(_source);
        return new(ledger, new TallyModel(ledger), TimeProvider.System, new() { MaxAttempts = 1000 });
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }
}
