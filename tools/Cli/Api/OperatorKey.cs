namespace TokenLedger.Cli.Api;

/// <summary>Finds the key that a one-machine instance wrote for its operator.</summary>
internal static class OperatorKey
{
    private const string FileName = "operator.key";
    private const string HomeFolder = ".tokenledger";

    /// <summary>The key in the home folder when one is named, else in the nearest <c>.tokenledger</c> of this folder and those above it.</summary>
    public static string? Find(string? home, DirectoryInfo? from)
    {
        if (!string.IsNullOrEmpty(home)) return Read(Path.Combine(home, FileName));
        for (var folder = from; folder is not null; folder = folder.Parent)
            if (Read(Path.Combine(folder.FullName, HomeFolder, FileName)) is { } key) return key;
        return null;
    }

    private static string? Read(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (UnauthorizedAccessException)
        {
            throw CommandFailure.BadUsage($"The operator key in {path} may not be read by this user; pass --key or set TOKENLEDGER_KEY.");
        }
    }
}
