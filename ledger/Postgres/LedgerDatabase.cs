using Npgsql;

namespace TokenLedger.Ledger;

/// <summary>
/// Opens the database of a ledger. The schema is chosen here and nowhere else, as the connections' search path: every .sql file then reads as it would in psql,
/// and a module's own tables stand beside the ledger's. The path is a start-up parameter, so it is there for the life of each connection.
/// </summary>
public static class LedgerDatabase
{
    public const string DefaultSchema = "tokenledger";

    /// <summary>What a connection reads at once, in bytes at least: pages of events are megabytes, and the usual 8 KiB would be a call to the system for every dozen events.</summary>
    private const int ReadBufferBytes = 1 << 16;

    /// <summary>A pool of connections whose search path is the one schema. What a session keeps beyond its transaction is not reset between two users of a connection.</summary>
    /// <exception cref="ArgumentException">The schema is not 1 to 63 of a–z, 0–9 and '_', the first a letter.</exception>
    public static NpgsqlDataSource Open(string connectionString, string schema = DefaultSchema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (!IsPlainName(schema)) throw new ArgumentException($"'{schema}' is no schema name: use 1 to 63 of a-z, 0-9 and '_', the first a letter.", nameof(schema));
        // Nothing here sets what outlives a transaction, so a connection goes back into the pool as it is: a reset would be parsed and run before every statement.
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = schema, NoResetOnClose = true };
        settings.ReadBufferSize = Math.Max(settings.ReadBufferSize, ReadBufferBytes);
        // The name labels the pool's metrics; without one they would show the connection string.
        return new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = schema }.Build();
    }

    /// <summary>Installs or upgrades the ledger's own tables.</summary>
    public static Task UpgradeAsync(NpgsqlDataSource source, CancellationToken ct) =>
        SchemaMigrator.UpgradeAsync(source, "ledger", typeof(LedgerDatabase).Assembly, "TokenLedger.Ledger.Postgres.Schema.", ct);

    private static bool IsPlainName(string name) =>
        name.Length is > 0 and <= 63 && char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');
}
