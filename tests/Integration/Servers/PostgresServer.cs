using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using TokenLedger.Hosting.Postgres;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace TokenLedger.Tests.Integration.Servers;

/// <summary>A PostgreSQL for the tests of this run: started when the first test asks for a database, removed at the end.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const int ConnectionsPerDatabase = 20;
    private readonly TempHome _home = new();
    private readonly Lazy<Task<PrivatePostgres>> _server;
    private int _databases;

    public PostgresServer() => _server = new(() => PrivatePostgres.StartAsync(
        new(_home.Folder) { MaxConnections = 400, SharedBuffersMb = 128 }, NullLogger.Instance, TimeProvider.System, CancellationToken.None));

    /// <summary>A connection pool on a new, empty database; the caller disposes of it.</summary>
    public async Task<NpgsqlDataSource> CreateDatabaseAsync(string name) => NpgsqlDataSource.Create(await CreateConnectionStringAsync(name));

    /// <summary>A new, empty database whose name begins as asked, for services that open it themselves.</summary>
    public async Task<string> CreateConnectionStringAsync(string name)
    {
        var server = await _server.Value;
        var unique = $"{name}_{Interlocked.Increment(ref _databases)}";
        await using var administration = NpgsqlDataSource.Create(server.ConnectionString);
        await using var create = administration.CreateCommand($"CREATE DATABASE \"{unique}\"");
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = unique, MaxPoolSize = ConnectionsPerDatabase }.ConnectionString;
    }

    /// <summary>SIGKILL, which the server's supervisor answers with a restart. Tests that kill use a server of their own.</summary>
    public async Task KillAsync()
    {
        await _server.Value;
        var lines = await File.ReadAllLinesAsync(Path.Combine(_home.Folder, "postgres", "postmaster.pid"));
        using var postmaster = Process.GetProcessById(int.Parse(lines[0], CultureInfo.InvariantCulture));
        postmaster.Kill();
        await postmaster.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated)
            await (await _server.Value).DisposeAsync();
        _home.Dispose();
    }
}
