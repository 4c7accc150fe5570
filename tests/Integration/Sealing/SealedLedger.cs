using Npgsql;
using TokenLedger.Cli.Verify;
using TokenLedger.Contracts;
using TokenLedger.Ledger;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Tests.Sealing;

/// <summary>A ledger in a schema of its own with all that its seal needs, and a hand on its tables.</summary>
internal sealed class SealedLedger : IAsyncDisposable
{
    private readonly PostgresLedger _ledger;
    private DateTimeOffset _now = Facts.Noon;

    private SealedLedger(NpgsqlDataSource source) => (Source, _ledger) = (source, new(source));

    public NpgsqlDataSource Source { get; }

    public LedgerKey Key { get; private set; } = LedgerKey.Create();

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<SealedLedger> CreateAsync(TestDatabase database) => new(await database.OpenLedgerAsync(Ct));

    public async Task AppendAsync(string stream, params NewEvent[] events) => await _ledger.AppendAsync(stream, await _ledger.VersionAsync(stream, Ct), events, Ct);

    /// <summary>So many events, in two streams.</summary>
    public async Task AppendAsync(int count)
    {
        for (var left = count; left > 0; left -= 10)
        {
            if (left > 1) await AppendAsync("fleet-a", Facts.Capacities(Math.Min(9, left - 1)));
            await AppendAsync("operators", Facts.KeyRevoked("k"));
        }
    }

    /// <summary>Seals what there is.</summary>
    public async Task SealAsync(int batch = 1_000)
    {
        var sealer = new LedgerSealer(Source);
        while (await sealer.SealAsync(batch, Ct) > 0) { }
    }

    /// <summary>Seals and signs what there is.</summary>
    public async Task<StoredCheckpoint> SignAsync()
    {
        await SealAsync();
        _now = _now.AddSeconds(1);
        await new CheckpointSigner(Source, Key, origin: null, TimeSpan.FromSeconds(1)).SignAsync(_now, Ct);
        return (await new CheckpointStore(Source).LastAsync(Ct))!;
    }

    public void ChangeKey() => Key = LedgerKey.Create();

    public Task<VerifyReport> VerifyAsync(params string[] given) => new VerifyRun(new PostgresCopy(Source), given, [], 2, static (_, _) => { }).RunAsync(Ct);

    /// <summary>As the owner of the tables, past the trigger that keeps them append-only and past foreign keys.</summary>
    public async Task TamperAsync(string sql)
    {
        await using var connection = await Source.OpenConnectionAsync(Ct);
        await using var command = new NpgsqlCommand("set session_replication_role = replica; " + sql + "; set session_replication_role = origin", connection);
        await command.ExecuteNonQueryAsync(Ct);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Ct))!;
    }

    public ValueTask DisposeAsync()
    {
        Key.Dispose();
        return Source.DisposeAsync();
    }
}
