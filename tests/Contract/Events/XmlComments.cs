using System.Text.RegularExpressions;
using System.Xml.Linq;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Contract;

/// <summary>What the source of the contracts says about types and their fields, as one line of Markdown.</summary>
internal static partial class XmlComments
{
    private static readonly Dictionary<string, XElement> s_members = XDocument.Load(Path.ChangeExtension(typeof(ILedgerEvent).Assembly.Location, ".xml"))
        .Descendants("member").ToDictionary(member => (string)member.Attribute("name")!);

    public static string Summary(Type type) => s_members.TryGetValue("T:" + type.FullName, out var member) ? Text(member.Element("summary")) : "";

    public static string Parameter(Type type, string parameter) => s_members.TryGetValue("T:" + type.FullName, out var member)
        ? Text(member.Elements("param").SingleOrDefault(element => (string?)element.Attribute("name") == parameter))
        : "";

    private static string Text(XElement? element) => element is null ? "" : Space().Replace(string.Concat(element.Nodes().Select(Text)), " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);

    private static string Text(XNode node) => node switch
    {
        XElement { Name.LocalName: "paramref" } parameter => $"`{Camel((string)parameter.Attribute("name")!)}`",
        XElement { Name.LocalName: "see" } see => $"`{((string)see.Attribute("cref")!).Split('.', ':')[^1]}`",
        XElement other => $"`{other.Value}`",
        XText text => text.Value,
        _ => "",
    };

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
