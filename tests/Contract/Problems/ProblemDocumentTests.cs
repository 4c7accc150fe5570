using System.Text.RegularExpressions;

namespace TokenLedger.Tests.Contract;

/// <summary>docs/problems.md lists every reason that the services can answer with, and no other.</summary>
public sealed partial class ProblemDocumentTests
{
    public static TheoryData<string> Reasons => [.. ProblemReasons.InSource.Keys.Union(ProblemReasons.InDocument.Keys).Union(ProblemReasons.OfRules).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Reasons))]
    public void Documents_the_reason_and_every_status_it_comes_with(string reason)
    {
        Assert.True(ProblemReasons.InDocument.TryGetValue(reason, out var documented), $"'{reason}' is not in docs/problems.md.");
        // What the pool's rules refuse is given its status in one place by kind, which is not told by a pair.
        if (ProblemReasons.OfRules.Contains(reason)) Assert.Subset(documented.ToHashSet(), ProblemReasons.InSource.GetValueOrDefault(reason, []).ToHashSet());
        else Assert.Equal(ProblemReasons.InSource.GetValueOrDefault(reason, []), documented);
    }

    [Fact]
    public void Finds_the_reasons_in_the_source()
    {
        Assert.Equal(["400"], ProblemReasons.InSource["invalid-input"]);
        Assert.Equal(["401", "404"], ProblemReasons.InSource["key-unknown"]);
        Assert.Equal(["403", "404"], ProblemReasons.InSource["entitlement-unknown"]);
    }

    /// <summary>The list is complete only while every problem is made with its status and reason side by side.</summary>
    [Fact]
    public void Writes_every_reason_beside_its_status() =>
        Assert.All(Repository.Files("*.cs", "hosting", "services"), file =>
        {
            foreach (Match call in Call().Matches(File.ReadAllText(Repository.PathOf(file))))
                Assert.Matches(Known(), call.Value);
        });

    [GeneratedRegex(@"\bProblem\.(Of|NotFound)\(\s*[^()]*(\([^()]*\))?")]
    private static partial Regex Call();

    [GeneratedRegex("""
        ^Problem\.(NotFound\(|Of\(\s*(StatusCodes\.\w+|status|error\.StatusCode),\s*)("[a-z-]+"|(Refusals\.)?Word\()|^Problem\.Of\((result\.Status, result\.Reason!|status, Word\(denied\.Reason\))
        """)]
    private static partial Regex Known();
}
