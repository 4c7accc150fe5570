using System.Text.Json;
using System.Text.RegularExpressions;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Contract;

/// <summary>The reasons that problems give, as the source says and as docs/problems.md says. A reason may come with more than one status.</summary>
internal static partial class ProblemReasons
{
    private const string ByStatus = "http-{status}";

    /// <summary>Found where the source gives a status and, next to it, a reason.</summary>
    public static IReadOnlyDictionary<string, string[]> InSource { get; } = Collect(
        from file in Repository.Files("*.cs", "hosting", "services")
        from match in Answer().Matches(File.ReadAllText(Repository.PathOf(file)))
        select (Reason(match), Status(match)));

    public static IReadOnlyDictionary<string, string[]> InDocument { get; } = Collect(
        from match in Row().Matches(File.ReadAllText(Repository.PathOf("docs/problems.md")))
        from status in match.Groups["status"].Value.Split(", ")
        select (match.Groups["reason"].Value, status));

    /// <summary>Reasons of rules, whether or not a rule gives them yet.</summary>
    public static IReadOnlyList<string> OfRules { get; } = [.. Enum.GetValues<DenialReason>().Select(Word)];

    private static string Word(DenialReason reason) => JsonNamingPolicy.KebabCaseLower.ConvertName(reason.ToString());

    private static string Reason(Match match) => match.Groups switch
    {
        var groups when groups["rule"].Success => Word(Enum.Parse<DenialReason>(groups["rule"].Value)),
        var groups when groups["reason"].Value == "http-" => ByStatus,
        var groups => groups["reason"].Value,
    };

    private static string Status(Match match) => match.Groups["status"] switch
    {
        { Success: true } status => status.Value,
        _ => match.Value.Contains("NotFound", StringComparison.Ordinal) ? "404" : "any",
    };

    private static Dictionary<string, string[]> Collect(IEnumerable<(string Reason, string Status)> answers) =>
        answers.GroupBy(answer => answer.Reason).ToDictionary(group => group.Key, group => group.Select(answer => answer.Status).Distinct().Order(StringComparer.Ordinal).ToArray());

    [GeneratedRegex("""(StatusCodes\.Status(?<status>\d{3})\w+,\s*|\bNotFound\(|\bOf\(status,\s*)("(?<reason>[a-z-]+)"|(Refusals\.)?Word\(DenialReason\.(?<rule>\w+)\))""")]
    private static partial Regex Answer();

    [GeneratedRegex(@"^\| `(?<reason>[a-z{}-]+)` \| (?<status>[^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
