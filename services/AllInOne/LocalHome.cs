using TokenLedger.Hosting.Access;

namespace TokenLedger.AllInOne;

/// <summary>The state folder of a one-machine instance, and the keys in it.</summary>
internal sealed class LocalHome(string path)
{
    public string Folder { get; } = Path.GetFullPath(path);

    public string OperatorKeyFile => Path.Combine(Folder, "operator.key");

    /// <summary>The key that signs the ledger's checkpoints.</summary>
    public string LedgerKeyFile => Path.Combine(Folder, "ledger.key");

    public string DemoKeyFile => Path.Combine(Folder, "demo.key");

    /// <summary>The operator key of the home, minted at the first start.</summary>
    public async Task<string> OperatorKeyAsync(CancellationToken ct)
    {
        if (File.Exists(OperatorKeyFile)) return (await File.ReadAllTextAsync(OperatorKeyFile, ct)).Trim();
        var key = ApiKeys.MintOperator().Key;
        await WriteSecretAsync(OperatorKeyFile, key, ct);
        return key;
    }

    /// <summary>Writes a key so that only its owner can read it, and never half of it.</summary>
    public async Task WriteSecretAsync(string file, string secret, CancellationToken ct)
    {
        Directory.CreateDirectory(Folder);
        var half = file + ".new";
        await using (var stream = new FileStream(half, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        await using (var writer = new StreamWriter(stream))
            await writer.WriteLineAsync(secret.AsMemory(), ct);
        File.Move(half, file, overwrite: true);
    }
}
