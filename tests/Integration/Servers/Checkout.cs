namespace TokenLedger.Tests.Integration.Servers;

/// <summary>Files of the checkout that the tests were built from: what a document tells people to run is run as it is written.</summary>
internal static class Checkout
{
    public static string Root { get; } = FindRoot();

    /// <summary>The blocks of one language in a document, in their order.</summary>
    public static IReadOnlyList<string> Blocks(string document, string language)
    {
        var fence = "```";
        var parts = File.ReadAllText(Path.Combine(Root, document)).ReplaceLineEndings("\n").Split('\n' + fence);
        // Fences open and close in turn, so every other part is inside one; it begins with the name of its language.
        return [.. parts.Where((part, i) => i % 2 == 1 && part.StartsWith(language + '\n', StringComparison.Ordinal)).Select(part => part[(language.Length + 1)..])];
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "TokenLedger.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("No TokenLedger.sln above the tests.");
        return folder.FullName;
    }
}
