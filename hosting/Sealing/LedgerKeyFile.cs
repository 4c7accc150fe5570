using System.Security.Cryptography;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Hosting;

/// <summary>The file of the key that signs checkpoints: PKCS #8 in PEM, readable by its owner alone.</summary>
internal static class LedgerKeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Reads the key, or makes one where there is none. Any number of processes may start at once: one of them makes the key, all get the same.</summary>
    /// <exception cref="StartupException">The file can be neither read nor made, or holds no such key.</exception>
    public static LedgerKey Open(string path)
    {
        try
        {
            if (!File.Exists(path)) Create(path);
            return LedgerKey.FromPem(File.ReadAllText(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new StartupException($"{SealingOptions.Section}:{nameof(SealingOptions.KeyFile)} '{path}' cannot be used: {error.Message}", error);
        }
    }

    private static void Create(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var key = LedgerKey.Create();
        var own = $"{path}.{Guid.NewGuid():N}.new";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
            using (var writer = new StreamWriter(new FileStream(own, options))) writer.Write(key.ToPem());
            // Never over another: whoever comes second uses the first one's.
            File.Move(own, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first.
        }
        finally
        {
            File.Delete(own);
        }
    }
}
