namespace TokenLedger.Hosting.Postgres;

/// <summary>The server's log, and the folder of its socket.</summary>
internal sealed class ServerFiles(string home, DataDirectory data, long maxLogBytes)
{
    private const int LogEndBytes = 2000;

    public string Log { get; } = Path.Combine(home, "logs", "postgres.log");

    /// <summary>A unix socket's path has at most 107 bytes and a checkout may lie deeper than that, hence the system's temporary folder.</summary>
    public string SocketFolder { get; } = $"/tmp/{data.Name}";

    public async Task PrepareAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Log)!);
        if (File.Exists(Log) && new FileInfo(Log).Length > maxLogBytes)
            File.Move(Log, Log + ".1", overwrite: true);
        // An entry of the temporary folder belongs to whoever made it first. One that is the server's own, closed to others, nobody else can have planted or can replace.
        await Command.TryAsync([.. data.Account.Prefix, "mkdir", "-m", "0700", SocketFolder], ct);
        if (await Command.RunAsync(["stat", "-c", "%u %A", SocketFolder], ct) != $"{data.Account.Uid} drwx------")
            throw new PrivatePostgresException($"'{SocketFolder}' is needed for the server's socket but belongs to somebody else or is open to others: remove it.");
    }

    public string LogEnd()
    {
        using var log = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        log.Position = Math.Max(0, log.Length - LogEndBytes);
        return new StreamReader(log).ReadToEnd().Trim();
    }

    public void RemoveSocketFolder()
    {
        if (Directory.Exists(SocketFolder))
            Directory.Delete(SocketFolder, recursive: true);
    }
}
