using Npgsql;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

/// <summary>A database for one test class, in which every test has a schema of its own: far cheaper than a database for each.</summary>
public sealed class TestDatabase(PostgresServer server) : IAsyncLifetime
{
    private static int s_databases;
    private NpgsqlDataSource _database = null!;
    private int _schemas;

    public async ValueTask InitializeAsync() => _database = await server.CreateDatabaseAsync($"test_{Interlocked.Increment(ref s_databases)}");

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    /// <summary>Connections to a schema that does not exist yet: the first upgrade makes it.</summary>
    public NpgsqlDataSource OpenSchema() => LedgerDatabase.Open(_database.ConnectionString, $"schema_{Interlocked.Increment(ref _schemas)}");

    /// <summary>Connections to a schema with the ledger's tables and nothing in them.</summary>
    public async Task<NpgsqlDataSource> OpenLedgerAsync(CancellationToken ct)
    {
        var source = OpenSchema();
        await LedgerDatabase.UpgradeAsync(source, ct);
        return source;
    }
}
