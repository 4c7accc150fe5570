using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Client;

/// <summary>What was answered: what was asked for, or a refusal.</summary>
/// <param name="Headers">The rate-limit headers of the answer, under their names in lower case.</param>
public abstract record Answer<T>(IReadOnlyDictionary<string, string> Headers) where T : class;

/// <summary>It was done.</summary>
public sealed record Granted<T>(T Value, IReadOnlyDictionary<string, string> Headers) : Answer<T>(Headers) where T : class;

/// <summary>It was refused, and why.</summary>
/// <param name="Status">As in HTTP.</param>
/// <param name="Reason">The stable word of the problem, such as <c>tokens-exceeded</c>.</param>
/// <param name="RetryAfter">When to come back; null when coming back does not help.</param>
public sealed record Refused<T>(int Status, string Reason, string Detail, TimeSpan? RetryAfter, IReadOnlyDictionary<string, string> Headers) : Answer<T>(Headers) where T : class
{
    /// <summary>The rule that refused an admission; null when it was not a rule.</summary>
    public DenialReason? Rule
    {
        get
        {
            foreach (var rule in Enum.GetValues<DenialReason>())
                if (WordConverter<DenialReason>.Word(rule) == Reason) return rule;
            return null;
        }
    }
}

/// <summary>What was consumed by one request, with the ids that make it count once.</summary>
public sealed record Consumption(string Source, string Id, RequestId Request, UsageData Data);

/// <summary>How far a long stream has come. Nothing is billed by it unless the end is never told; each report of a request has an id of its own.</summary>
public sealed record StreamProgress(string Source, string Id, RequestId Request, StreamedData Data);
