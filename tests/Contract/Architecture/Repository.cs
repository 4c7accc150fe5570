using System.Xml.Linq;

namespace TokenLedger.Tests.Contract;

/// <summary>The checkout that the tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] s_folders = ["contracts", "core", "ledger", "hosting", "services", "tools", "tests"];

    public static string Root { get; } = FindRoot();

    public static string PathOf(string file) => Path.Combine(Root, file);

    /// <summary>Every file of the product's own folders whose name fits, as a path from the root.</summary>
    public static IEnumerable<string> Files(string pattern, params string[] folders) =>
        (folders.Length == 0 ? s_folders : folders)
            .SelectMany(folder => Directory.EnumerateFiles(PathOf(folder), pattern, SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal);

    public static IReadOnlyList<Project> Projects { get; } = [.. Files("*.csproj").Select(Project.Read)];

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "TokenLedger.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("No TokenLedger.sln above the tests.");
        return folder.FullName;
    }
}

/// <summary>A project file: its name without the product's, and what it refers to.</summary>
internal sealed record Project(string File, string Name, IReadOnlyList<string> References, IReadOnlyList<XElement> Packages)
{
    public bool IsService => File.StartsWith("services/", StringComparison.Ordinal);

    public static Project Read(string file)
    {
        var xml = XDocument.Load(Repository.PathOf(file));
        return new(file, NameOf(file), [.. xml.Descendants("ProjectReference").Select(reference => NameOf((string)reference.Attribute("Include")!))], [.. xml.Descendants("PackageReference")]);
    }

    public override string ToString() => Name;

    private static string NameOf(string file) => file.Split('/', '\\')[^1].Replace("TokenLedger.", "", StringComparison.Ordinal).Replace(".csproj", "", StringComparison.Ordinal);
}
