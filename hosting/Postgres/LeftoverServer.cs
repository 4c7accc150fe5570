using System.Globalization;

namespace TokenLedger.Hosting.Postgres;

/// <summary>What an earlier host may have left behind when it was killed: a running server, or the files of one that is gone.</summary>
internal sealed class LeftoverServer(DataDirectory data, PostgresBinaries binaries, string socketFolder, TimeProvider clock)
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private string PidFile => Path.Combine(data.Folder, "postmaster.pid");

    /// <summary>Stops the server if it runs, waits until all its processes have let go of the data, and removes the files that would make the next server believe that it still runs.</summary>
    public async Task ClearAsync(TimeSpan patience, CancellationToken ct)
    {
        if (Processes().Any() && File.Exists(PidFile))
            await StopAsync(patience, ct);
        var start = clock.GetTimestamp();
        while (Processes().Any())
        {
            if (clock.GetElapsedTime(start) > patience)
                throw new PrivatePostgresException($"Processes of an earlier PostgreSQL still work on '{data.Folder}': {string.Join(", ", Processes())}.");
            await Task.Delay(Glance, clock, ct);
        }
        // Nobody has the data open any more and we hold the lock, so these are stale, even if some other program has the number in them by now.
        File.Delete(PidFile);
        if (Directory.Exists(socketFolder))
            foreach (var file in Directory.GetFiles(socketFolder))
                File.Delete(file);
    }

    private async Task StopAsync(TimeSpan patience, CancellationToken ct)
    {
        string[] Stop(string mode) =>
            [binaries.PgCtl, "stop", "-D", data.Folder, "-m", mode, "-t", ((int)Math.Ceiling(patience.TotalSeconds)).ToString(CultureInfo.InvariantCulture)];
        var fast = await Command.TryAsync([.. data.Account.Prefix, .. Stop("fast")], ct);
        if (fast.Code != 0 && Processes().Any())
            await Command.TryAsync([.. data.Account.Prefix, .. Stop("immediate")], ct);
    }

    /// <summary>Ids of the processes of this cluster. The server's own first argument is its path, its children call themselves "postgres: {cluster name}: …".</summary>
    private IEnumerable<string> Processes() =>
        from folder in Directory.GetDirectories("/proc")
        let id = Path.GetFileName(folder)
        where char.IsAsciiDigit(id[0])
        let words = ReadWords(folder)
        where words.Contains(data.Name, StringComparison.Ordinal) && Path.GetFileName(words.Split('\0', ':')[0]) == "postgres"
        select id;

    private static string ReadWords(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process ended between the listing and the look, or is not ours to see.
            return "";
        }
    }
}
