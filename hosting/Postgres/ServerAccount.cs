namespace TokenLedger.Hosting.Postgres;

/// <summary>The user that PostgreSQL runs as: ourselves or, because it refuses root, an unprivileged user when we are root.</summary>
internal sealed record ServerAccount(string Uid, string Gid)
{
    private static readonly string[] UsersInsteadOfRoot = ["postgres", "nobody"];

    /// <summary>What to put before a program so that it runs as this user. setpriv replaces itself by the program, so signals and exit codes pass.</summary>
    public IReadOnlyList<string> Prefix => Environment.IsPrivilegedProcess
        ? ["setpriv", $"--reuid={Uid}", $"--regid={Gid}", "--clear-groups", "--"]
        : [];

    public static async Task<ServerAccount> ChooseAsync(CancellationToken ct)
    {
        if (!Environment.IsPrivilegedProcess)
            return new(await Command.RunAsync(["id", "-u"], ct), await Command.RunAsync(["id", "-g"], ct));
        foreach (var user in UsersInsteadOfRoot)
            if (await Command.TryAsync(["id", "-u", user], ct) is { Code: 0, Output: var uid })
                return new(uid, await Command.RunAsync(["id", "-g", user], ct));
        throw new PrivatePostgresException("PostgreSQL refuses to run as root, and there is neither a user 'postgres' nor 'nobody' to run it as: create one, or start TokenLedger as an ordinary user.");
    }

    /// <summary>The owner of data that exist already: the server must run as this user again, whoever we are today.</summary>
    public static async Task<ServerAccount> OwnerOfAsync(string folder, CancellationToken ct)
    {
        var owner = (await Command.RunAsync(["stat", "-c", "%u %g", folder], ct)).Split(' ');
        if (!Environment.IsPrivilegedProcess && await Command.RunAsync(["id", "-u"], ct) != owner[0])
            throw new PrivatePostgresException($"The data in '{folder}' belong to another user, because TokenLedger was started by that user or by root before: start it as before, or name another folder in TOKENLEDGER_HOME.");
        return new(owner[0], owner[1]);
    }

    public async Task<bool> CanEnterAsync(string folder, CancellationToken ct) =>
        (await Command.TryAsync([.. Prefix, "test", "-x", folder], ct)).Code == 0;

    public Task<string> RunAsync(IEnumerable<string> words, CancellationToken ct) => Command.RunAsync([.. Prefix, .. words], ct);
}
