using System.Text.Json.Nodes;
using Npgsql;
using TokenLedger.Cli.Archive;
using TokenLedger.Contracts;
using TokenLedger.Ledger;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Backup;

/// <summary>A running instance whose books were closed, sealed and signed, with a request settled and one open since before.</summary>
public sealed class ArchiveFixture(PostgresServer postgres) : IAsyncLifetime
{
    private readonly TempHome _temp = new();
    private string _connection = "";

    internal ApiInstance Api { get; private set; } = null!;
    internal NpgsqlDataSource Database { get; private set; } = null!;
    internal string Key { get; private set; } = "";
    internal Guid Settled { get; } = Guid.NewGuid();
    internal Guid Open { get; } = Guid.NewGuid();
    internal JsonObject Usage { get; private set; } = [];
    internal string Admitted { get; private set; } = "";

    /// <summary>The first position that stays: the pool's last books.</summary>
    internal long Before { get; private set; }

    internal string File => Path.Combine(_temp.Folder, "books.ndjson");

    internal LedgerArchive Archive => new(Database);

    internal string Connection => _connection;

    public async ValueTask InitializeAsync()
    {
        _connection = await postgres.CreateConnectionStringAsync("archive");
        (Database, Usage) = (LedgerDatabase.Open(_connection), Bodies.Usage(Settled, output: 20));
        await StartAsync();
        await Api.OpenPoolAsync("pool");
        await Api.GrantAsync("pool", "chat");
        Key = (await Api.IssueKeyAsync("pool", "chat")).Text("key");
        Admitted = (await Api.With(Key).AdmitAsync(Settled)).MustBe(201).Body;
        (await Api.With(Key).PostUsageAsync(Usage)).MustBe(202);
        await Api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == Settled);
        var opened = (await Api.With(Key).AdmitAsync(Open)).MustBe(201).Position;
        Before = (await Api.Events.FirstAsync<BooksCarriedForward>(e => e.Open.Count == 1, after: opened)).Position;
        // Every reader has come so far, and a signature covers it.
        const string readers = "select (select min(last_seq_id) >= $1 from mt_event_progression) and (select coalesce(max(size), 0) >= $1 from tl_checkpoints)";
        await Api.Events.UntilAsync(async () => await AskAsync<bool>(readers, Before));
    }

    internal async Task StartAsync() => Api = await ApiInstance.StartAsync(
        _connection, null, ("Admission:EventsPerBook", "1"), ("Admission:SweepIntervalMs", "20"), ("Bus:RoundEvents", "1"), ("Sealing:KeyFile", Path.Combine(_temp.Folder, "ledger.key")));

    internal async Task ExportAsync()
    {
        await using var file = new FileStream(File, FileMode.Create);
        await Archive.ExportAsync(file, Before, Within.Patience());
    }

    internal async Task<T> AskAsync<T>(string sql, params object[] values)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync(Within.Patience()))!;
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await Database.DisposeAsync();
        _temp.Dispose();
    }
}
