using System.Runtime.InteropServices;
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
            if (!TryLink(own, path) && !File.Exists(path)) File.Move(own, path, overwrite: false);
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

    /// <summary>Gives a file a second name in one step, unless that is taken; on Unix a move looks whether it is and then moves, and another process may come between.</summary>
    private static bool TryLink(string file, string name) => !OperatingSystem.IsWindows() && Link(file, name) == 0;

    [DllImport("libc", EntryPoint = "link", BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string name);
}
