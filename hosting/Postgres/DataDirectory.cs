using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TokenLedger.Hosting.Postgres;

/// <summary>The folder with the server's data and the user who owns it.</summary>
internal sealed record DataDirectory(string Folder, ServerAccount Account)
{
    private const string Elsewhere = "/var/lib/tokenledger";
    private const string Note = "postgres-data-is-in.txt";

    /// <summary>A short name that no other data directory of this machine has: the server's processes and its socket folder carry it.</summary>
    public string Name => NameOf(Folder);

    private string VersionFile => Path.Combine(Folder, "PG_VERSION");

    public int? MadeBy => File.Exists(VersionFile) ? int.Parse(File.ReadAllText(VersionFile), CultureInfo.InvariantCulture) : null;

    /// <summary>Data live in the home. Only where the server's user cannot get there, as in a checkout below root's own folder, they live under /var/lib, and a note in the home says so.</summary>
    public static async Task<DataDirectory> LocateAsync(string home, CancellationToken ct)
    {
        var (inHome, note) = (Path.Combine(home, "postgres"), Path.Combine(home, Note));
        if (Directory.Exists(inHome))
            return new(inHome, await ServerAccount.OwnerOfAsync(inHome, ct));
        var noted = File.Exists(note) ? (await File.ReadAllTextAsync(note, ct)).Trim() : null;
        if (Directory.Exists(noted))
            return new(noted, await ServerAccount.OwnerOfAsync(noted, ct));
        var account = await ServerAccount.ChooseAsync(ct);
        if (await account.CanEnterAsync(home, ct))
            return new(inHome, account);
        var outside = Path.Combine(Elsewhere, NameOf(home));
        await Command.RunAsync(["install", "-d", "-m", "0755", Elsewhere], ct);
        await File.WriteAllTextAsync(note, outside + "\n", ct);
        return new(outside, account);
    }

    /// <summary>Keeps every other host off these data until the stream is disposed or the process is gone.</summary>
    public FileStream Lock()
    {
        try
        {
            return new FileStream(Folder + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new PrivatePostgresException($"Another TokenLedger is running on '{Folder}': stop it first, or name another folder in TOKENLEDGER_HOME.", e);
        }
    }

    /// <summary>Makes an empty database cluster. It gets its name only when it is complete, so that an interrupted start is simply repeated.</summary>
    public async Task InitialiseAsync(PostgresBinaries binaries, string superuser, CancellationToken ct)
    {
        if (Directory.Exists(Folder))
            throw new PrivatePostgresException($"'{Folder}' exists but holds no PostgreSQL data: move it away.");
        var draft = Folder + ".new";
        if (Directory.Exists(draft))
            Directory.Delete(draft, recursive: true);
        await Command.RunAsync(["install", "-d", "-m", "0700", "-o", Account.Uid, "-g", Account.Gid, draft], ct);
        // Who may connect is decided by the socket folder, which is open to the server's user and root alone.
        await Account.RunAsync(
            [binaries.Initdb, "-D", draft, "--encoding=UTF8", "--locale=C", "--data-checksums", "--auth-local=trust", "--auth-host=reject", $"--username={superuser}"], ct);
        Directory.Move(draft, Folder);
    }

    private static string NameOf(string folder) =>
        $"tokenledger-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..12]}";
}
