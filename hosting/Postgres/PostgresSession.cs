using Npgsql;

namespace TokenLedger.Hosting.Postgres;

/// <summary>The first connections to the private server.</summary>
internal static class PostgresSession
{
    public const string User = "tokenledger";
    private const string Database = "tokenledger";
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    public static string ConnectionString(string socketFolder, int maxConnections) =>
        new NpgsqlConnectionStringBuilder { Host = socketFolder, Username = User, Database = Database, MaxPoolSize = maxConnections * 4 / 5 }.ConnectionString;

    public static async Task WaitUntilReadyAsync(string connectionString, TimeProvider clock, TimeSpan patience, Action throwIfHopeless, CancellationToken ct)
    {
        var start = clock.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = await OpenAsync(connectionString, ct);
                return;
            }
            catch (NpgsqlException) when (clock.GetElapsedTime(start) < patience)
            {
                // Not there yet, or still replaying its log.
                throwIfHopeless();
                await Task.Delay(Glance, clock, ct);
            }
        }
    }

    public static async Task EnsureDatabaseAsync(string connectionString, CancellationToken ct)
    {
        await using var connection = await OpenAsync(connectionString, ct);
        await using var exists = new NpgsqlCommand($"SELECT 1 FROM pg_database WHERE datname = '{Database}'", connection);
        if (await exists.ExecuteScalarAsync(ct) is not null)
            return;
        await using var create = new NpgsqlCommand($"CREATE DATABASE {Database}", connection);
        await create.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The database that is always there, outside any pool.</summary>
    private static async Task<NpgsqlConnection> OpenAsync(string connectionString, CancellationToken ct)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Database = "postgres", Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
