using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace TokenLedger.Tests.Contract;

/// <summary>Packages are chosen in one place and restored to the byte.</summary>
public sealed class PackageTests
{
    public static TheoryData<string> Projects => [.. Repository.Projects.Select(project => project.File)];

    [Theory, MemberData(nameof(Projects))]
    public void Names_no_version_outside_the_central_file(string file) =>
        Assert.All(Project.Read(file).Packages, package => Assert.False(
            package.Attribute("Version") is not null || package.Attribute("VersionOverride") is not null || package.HasElements, $"{package} belongs into Directory.Packages.props."));

    [Theory, MemberData(nameof(Projects))]
    public void Locks_what_it_restores(string file) => Assert.True(File.Exists(LockFile(file)), $"{LockFile(file)} is missing: restore and commit it.");

    [Theory, MemberData(nameof(Projects))]
    public void Is_part_of_the_solution(string file) =>
        Assert.Contains(file.Replace('/', '\\'), File.ReadAllText(Repository.PathOf("TokenLedger.sln")), StringComparison.Ordinal);

    /// <summary>From version 9 on MassTransit is sold under another licence: it must not come in by an update, nor behind another package.</summary>
    [Fact]
    public void Stays_below_version_9_of_MassTransit()
    {
        var chosen = XDocument.Load(Repository.PathOf("Directory.Packages.props")).Descendants("PackageVersion")
            .Where(package => IsMassTransit((string)package.Attribute("Include")!)).Select(package => (string)package.Attribute("Version")!).ToArray();
        Assert.NotEmpty(chosen);
        Assert.All(chosen, version => Assert.Matches(@"^\[8\.\d+\.\d+\]$", version));
        Assert.All(Repository.Projects.SelectMany(project => Locked(project.File)).Where(package => IsMassTransit(package.Name)), package => Assert.StartsWith("8.", package.Version, StringComparison.Ordinal));
    }

    [Fact]
    public void Lists_no_package_that_nothing_uses()
    {
        var used = Repository.Projects.SelectMany(project => project.Packages).Select(package => (string)package.Attribute("Include")!);
        Assert.Empty(XDocument.Load(Repository.PathOf("Directory.Packages.props")).Descendants("PackageVersion").Select(package => (string)package.Attribute("Include")!).Except(used));
    }

    private static IEnumerable<(string Name, string Version)> Locked(string project) =>
        from framework in JsonNode.Parse(File.ReadAllText(LockFile(project)))!["dependencies"]!.AsObject()
        from package in framework.Value!.AsObject()
        where package.Value!["resolved"] is not null
        select (package.Key, (string)package.Value!["resolved"]!);

    private static string LockFile(string project) => Path.Combine(Path.GetDirectoryName(Repository.PathOf(project))!, "packages.lock.json");

    private static bool IsMassTransit(string package) => package.StartsWith("MassTransit", StringComparison.OrdinalIgnoreCase);
}
