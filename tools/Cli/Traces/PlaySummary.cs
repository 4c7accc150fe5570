using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Cli.Traces;

/// <summary>What came of a play. Latencies are those of the answered attempts, retries apart.</summary>
internal sealed record PlaySummary(
    string IdSeed, IReadOnlyList<string> Files, string Pool, bool Interrupted, int Planned, long Offered, long Admitted, long AlreadyAdmitted,
    long Served, long Refused, IReadOnlyDictionary<string, long> RefusedByReason, long Failed, IReadOnlyDictionary<string, long> ErrorsByKind,
    long DuplicateUsage, long Retries, long InputTokens, long OutputTokens, Percentiles AdmissionMs, Percentiles UsageMs,
    double LongestLagMs, double WallSeconds, double RequestsPerSecond)
{
    /// <summary>Everything offered was either served or refused with a reason.</summary>
    [JsonIgnore]
    public bool IsComplete => !Interrupted && Offered == Planned && Served + Refused == Offered;

    public static PlaySummary Of(PlayTally tally, string seed, IReadOnlyList<string> files, string pool, bool finished, TimeSpan wall) => new(
        seed, files, pool, !finished, tally.Planned, tally.OfferedRequests, tally.AdmittedRequests, tally.RepeatedAdmissions,
        tally.ServedRequests, tally.RefusedRequests, Sorted(tally.RefusedByReason), tally.FailedRequests, Sorted(tally.ErrorsByKind),
        tally.DuplicateUsage, tally.Retries, tally.InputTokens, tally.OutputTokens, tally.Admissions.Summarise(), tally.UsagePosts.Summarise(),
        Math.Round(tally.LongestLag.TotalMilliseconds, 1), Math.Round(wall.TotalSeconds, 3), Math.Round(tally.OfferedRequests / wall.TotalSeconds, 1));

    public string ToJson() => JsonSerializer.Serialize(this, PlayJson.Default.PlaySummary);

    private static SortedDictionary<string, long> Sorted(IReadOnlyDictionary<string, long> counts) =>
        new(counts.ToDictionary(), StringComparer.Ordinal);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PlaySummary))]
internal sealed partial class PlayJson : JsonSerializerContext;
