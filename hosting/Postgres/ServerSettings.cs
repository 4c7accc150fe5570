using System.Globalization;

namespace TokenLedger.Hosting.Postgres;

/// <summary>How the private server differs from PostgreSQL's defaults.</summary>
internal static class ServerSettings
{
    public static IEnumerable<string> For(PrivatePostgresOptions options, DataDirectory data, string socketFolder)
    {
        (string Name, string Value)[] settings =
        [
            // Reachable by its socket alone. The name is how a later host recognises the server's processes.
            ("listen_addresses", ""),
            ("unix_socket_directories", socketFolder),
            ("unix_socket_permissions", "0700"),
            ("cluster_name", data.Name),
            ("max_connections", Number(options.MaxConnections)),

            // An answer is given after its event is durable: said here so that no file can take it back.
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("full_page_writes", "on"),

            // Sized for a small machine that shares its memory with the services.
            ("shared_buffers", Number(options.SharedBuffersMb) + "MB"),
            ("max_wal_size", Number(options.MaxWalMb) + "MB"),
            // Log files are kept and written over: making a new one holds all commits up for fifty milliseconds.
            ("min_wal_size", Number(options.MaxWalMb / 4) + "MB"),
            // Most full page images are of the index on event ids, which are hashes: compressing them wins nothing and takes ten times as long as writing them.
            ("wal_compression", "off"),
            ("checkpoint_completion_target", "0.9"),
            // Planning is cheap and queries are short: compiling them costs more than it saves.
            ("jit", "off"),

            ("timezone", "UTC"),
            ("log_timezone", "UTC"),
            ("log_checkpoints", "off"),
        ];
        return settings.SelectMany(setting => new[] { "-c", $"{setting.Name}={setting.Value}" });
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
