using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace TokenLedger.Tests.Contract;

/// <summary>docker-compose.yml as its services see it, with merged parts filled in.</summary>
internal sealed class ComposeFile
{
    private readonly Dictionary<object, object?> _file;

    public ComposeFile()
    {
        Root = FindRoot();
        using var text = File.OpenText(Path.Combine(Root, "docker-compose.yml"));
        _file = new DeserializerBuilder().Build().Deserialize<Dictionary<object, object?>>(new MergingParser(new Parser(text)));
    }

    public string Root { get; }

    public IEnumerable<ComposeService> Services => Map(_file["services"]).Select(service => new ComposeService(Root, (string)service.Key, Map(service.Value)));

    public IEnumerable<string> Volumes => Map(_file["volumes"]).Keys.Cast<string>();

    public static Dictionary<object, object?> Map(object? node) => (Dictionary<object, object?>)node!;

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "docker-compose.yml")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("No docker-compose.yml above the tests.");
        return folder.FullName;
    }
}

/// <summary>One service of the file.</summary>
internal sealed record ComposeService(string Root, string Name, Dictionary<object, object?> Node)
{
    public bool HasImage => Node.ContainsKey("image");
    public Dictionary<object, object?>? Build => Node.TryGetValue("build", out var build) ? ComposeFile.Map(build) : null;
    public string? Project => Build?.GetValueOrDefault("args") is { } args ? (string?)ComposeFile.Map(args)["SERVICE"] : null;
    public IEnumerable<string> Ports => Texts("ports");
    public IEnumerable<string> Mounts => Texts("volumes");
    public IEnumerable<string> Networks => Texts("networks");
    public IReadOnlyDictionary<string, string> Environment => Pairs("environment").ToDictionary(pair => (string)pair.Key, pair => (string)pair.Value!);
    public IEnumerable<KeyValuePair<string, string>> Dependencies => Pairs("depends_on").Select(pair => KeyValuePair.Create((string)pair.Key, (string)ComposeFile.Map(pair.Value)["condition"]!));

    public string? Dockerfile => Build is null ? null : Path.Combine(Root, (string)Build["context"]!, (string?)Build.GetValueOrDefault("dockerfile") ?? "Dockerfile");

    /// <summary>In the file itself or in the image that it builds.</summary>
    public bool HasHealthCheck => Node.ContainsKey("healthcheck") || (Dockerfile is not null && File.ReadLines(Dockerfile).Any(line => line.StartsWith("HEALTHCHECK ", StringComparison.Ordinal)));

    private IEnumerable<string> Texts(string key) => Node.TryGetValue(key, out var list) ? ((List<object>)list!).Cast<string>() : [];
    private Dictionary<object, object?> Pairs(string key) => Node.TryGetValue(key, out var map) ? ComposeFile.Map(map) : [];
}
