namespace TokenLedger.Hosting.Postgres;

/// <summary>A private PostgreSQL for one machine: where it lives and its bounds. Durability is no option: every commit reaches the disk.</summary>
/// <param name="Home">State folder of the instance; data go to <c>postgres/</c>, the server's log to <c>logs/postgres.log</c>.</param>
public sealed record PrivatePostgresOptions(string Home)
{
    public int MaxConnections { get; init; } = 100;
    public int SharedBuffersMb { get; init; } = 256;
    public int MaxWalMb { get; init; } = 2048;

    /// <summary>The log is put aside as <c>postgres.log.1</c> when it is larger than this at a start of the server.</summary>
    public long MaxLogBytes { get; init; } = 4L << 20;

    /// <summary>How long the server may take to accept connections; after a crash it replays at most <see cref="MaxWalMb"/> first.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a fast shutdown may take before the server is stopped at once, which costs a recovery at the next start and nothing else.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Pause before a server that died is started again; it doubles up to <see cref="MaxRestartDelay"/> while the server keeps dying.</summary>
    public TimeSpan FirstRestartDelay { get; init; } = TimeSpan.FromMilliseconds(100);
    public TimeSpan MaxRestartDelay { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>The private PostgreSQL cannot start here; the message says what to do about it.</summary>
public sealed class PrivatePostgresException(string message, Exception? inner = null) : Exception(message, inner);
