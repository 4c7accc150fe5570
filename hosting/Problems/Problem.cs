using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace TokenLedger.Hosting.Problems;

/// <summary>Errors as RFC 9457 problems: a stable type, a reason in kebab-case and a sentence that helps.</summary>
public static class Problem
{
    /// <summary>Reasons become types under this prefix; docs/problems.md lists them.</summary>
    public const string TypePrefix = "urn:tokenledger:problem:";

    /// <summary>The header in which a problem tells its reason, too.</summary>
    public const string ReasonHeader = "x-tokenledger-reason";

    public static ProblemHttpResult Of(int status, string reason, string title, string detail, params ReadOnlySpan<(string Name, object? Value)> more)
    {
        var extensions = new Dictionary<string, object?> { ["reason"] = reason };
        foreach (var (name, value) in more) extensions[name] = value;
        return TypedResults.Problem(detail, instance: null, status, title, TypePrefix + reason, extensions);
    }

    /// <summary>400 that names one field.</summary>
    public static ProblemHttpResult Invalid(string field, string what) => Invalid(new Dictionary<string, string[]> { [field] = [what] });

    /// <summary>400 that names every field that is wrong, and why.</summary>
    public static ProblemHttpResult Invalid(IReadOnlyDictionary<string, string[]> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        return Of(StatusCodes.Status400BadRequest, "invalid-input", "The request is not valid", Describe(errors), ("errors", errors));
    }

    /// <summary>All errors in a row of sentences.</summary>
    public static string Describe(IReadOnlyDictionary<string, string[]> errors) =>
        string.Join(' ', errors.SelectMany(field => field.Value.Select(what => $"{field.Key} {what}.")));

    public static ProblemHttpResult NotFound(string reason, string detail) => Of(StatusCodes.Status404NotFound, reason, "Not found", detail);
}
