using System.Globalization;
using System.Text.RegularExpressions;

namespace TokenLedger.Hosting.Postgres;

/// <summary>An installed PostgreSQL.</summary>
internal sealed partial record PostgresBinaries(string Folder, int Major)
{
    private const int OldestMajor = 15;
    private const string DebianFolder = "/usr/lib/postgresql";

    public string Initdb => Path.Combine(Folder, "initdb");
    public string Postgres => Path.Combine(Folder, "postgres");
    public string PgCtl => Path.Combine(Folder, "pg_ctl");

    /// <summary>The newest that is installed; for data that exist already, the one that made them, because no other can read them.</summary>
    public static async Task<PostgresBinaries> FindAsync(int? madeBy, CancellationToken ct)
    {
        var installed = new List<PostgresBinaries>();
        foreach (var folder in Folders().Where(IsComplete))
            if (await MajorAsync(folder, ct) is { } major)
                installed.Add(new(folder, major));
        var usable = installed.Where(found => madeBy is null ? found.Major >= OldestMajor : found.Major == madeBy);
        return usable.MaxBy(found => found.Major) ?? throw new PrivatePostgresException(madeBy is null
            ? $"PostgreSQL {OldestMajor} or newer is not installed: run 'apt-get install postgresql', or name a server of your own in TOKENLEDGER_POSTGRES."
            : $"The data were made by PostgreSQL {madeBy}, which is not installed any more: run 'apt-get install postgresql-{madeBy}'.");
    }

    private static IEnumerable<string> Folders()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        var debian = Directory.Exists(DebianFolder) ? Directory.GetDirectories(DebianFolder).Select(version => Path.Combine(version, "bin")) : [];
        return path.Concat(debian);
    }

    private static bool IsComplete(string folder) =>
        File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")) && File.Exists(Path.Combine(folder, "pg_ctl"));

    private static async Task<int?> MajorAsync(string folder, CancellationToken ct)
    {
        var said = VersionNumber().Match((await Command.TryAsync([Path.Combine(folder, "postgres"), "--version"], ct)).Output);
        return said.Success ? int.Parse(said.Groups[1].Value, CultureInfo.InvariantCulture) : null;
    }

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex VersionNumber();
}
