using Microsoft.AspNetCore.Http.HttpResults;

namespace TokenLedger.Hosting.Problems;

/// <summary>Checks the fields of a request and collects what is wrong with each, so that one answer names them all.</summary>
public sealed class Fields
{
    private readonly Dictionary<string, string[]> _errors = new(StringComparer.Ordinal);

    /// <summary>The problem to answer with; null while everything is right.</summary>
    public ProblemHttpResult? Problem => _errors.Count == 0 ? null : Problems.Problem.Invalid(_errors);

    public IReadOnlyDictionary<string, string[]> Errors => _errors;

    public void Require(bool holds, string field, string what)
    {
        if (!holds) _errors.TryAdd(field, [what]);
    }

    public T Required<T>(T? value, string field) where T : struct
    {
        Require(value is not null, field, "is required");
        return value.GetValueOrDefault();
    }

    public string Text(string? value, string field, int longest)
    {
        Require(!string.IsNullOrWhiteSpace(value), field, "is required");
        Require(value is null || value.Length <= longest && !value.Any(char.IsControl), field, $"must have at most {longest} characters and no control characters");
        return value ?? "";
    }

    public long Range(long? value, string field, long least, long most)
    {
        Require(value is not null, field, "is required");
        Require(value is null || value >= least && value <= most, field, $"must be {least} to {most}");
        return value.GetValueOrDefault();
    }

    public int Range(int? value, string field, int least, int most) => (int)Range((long?)value, field, (long)least, most);
}
