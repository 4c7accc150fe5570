using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using TokenLedger.Hosting.Postgres;
using TokenLedger.Ledger;
using TokenLedger.Tests.Integration.Servers;

namespace TokenLedger.Benchmarks;

/// <summary>The private PostgreSQL of one run, set as the product sets its own, with a database for each figure.</summary>
internal sealed class Servers : IAsyncDisposable
{
    /// <summary>Of 16 MB each: more than a figure fills before the next checkpoint.</summary>
    private const int LogFiles = 96;
    private readonly TempHome _home;
    private readonly PrivatePostgres _postgres;
    private readonly NpgsqlDataSource _administration;
    private int _databases;

    private Servers(TempHome home, PrivatePostgres postgres) =>
        (_home, _postgres, _administration) = (home, postgres, NpgsqlDataSource.Create(postgres.ConnectionString));

    public static async Task<Servers> StartAsync(CancellationToken ct)
    {
        var home = new TempHome();
        try
        {
            var servers = new Servers(home, await PrivatePostgres.StartAsync(new(home.Folder), NullLogger.Instance, TimeProvider.System, ct));
            await servers.MakeLogFilesAsync(ct);
            return servers;
        }
        catch
        {
            home.Dispose();
            throw;
        }
    }

    /// <summary>A server that has worked for a while writes over the files of its log; a new one would fill each with zeros first, while commits wait.</summary>
    private async Task MakeLogFilesAsync(CancellationToken ct)
    {
        for (var file = 0; file < LogFiles; file++)
        {
            await using var next = _administration.CreateCommand("select pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()");
            await next.ExecuteNonQueryAsync(ct);
        }
        await using var checkpoint = _administration.CreateCommand("checkpoint");
        await checkpoint.ExecuteNonQueryAsync(ct);
    }

    public Task<Machine> DescribeAsync(CancellationToken ct) => Machine.DescribeAsync(_administration, ct);

    /// <summary>The connection string of a new, empty database.</summary>
    public async Task<string> NewDatabaseAsync(CancellationToken ct)
    {
        var name = $"bench_{++_databases}";
        await using var create = _administration.CreateCommand($"create database {name}");
        await create.ExecuteNonQueryAsync(ct);
        return new NpgsqlConnectionStringBuilder(_postgres.ConnectionString) { Database = name, MaxPoolSize = 40 }.ConnectionString;
    }

    /// <summary>Connections to a schema with the ledger's tables, and nothing in them.</summary>
    public static async Task<NpgsqlDataSource> NewLedgerAsync(string connection, string schema, CancellationToken ct)
    {
        var source = LedgerDatabase.Open(connection, schema);
        await LedgerDatabase.UpgradeAsync(source, ct);
        return source;
    }

    /// <summary>Gives the space back: a run of all figures would hold gigabytes else.</summary>
    public async Task DropAsync(string connection, CancellationToken ct)
    {
        await using var drop = _administration.CreateCommand($"drop database {new NpgsqlConnectionStringBuilder(connection).Database} with (force)");
        await drop.ExecuteNonQueryAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _administration.DisposeAsync();
        await _postgres.DisposeAsync();
        _home.Dispose();
    }
}
