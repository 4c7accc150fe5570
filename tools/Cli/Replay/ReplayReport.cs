using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Cli.Replay;

/// <summary>What a verification came to.</summary>
/// <param name="Finding">The first difference, in a sentence.</param>
/// <param name="Seconds">From the first call to the last verdict.</param>
internal sealed record ReplayReport(bool Ok, string? Finding, IReadOnlyList<PoolReport> Pools, double Seconds = 0)
{
    public long DecisionsPerSecond => Seconds > 0 ? (long)(Pools.Sum(pool => pool.Decisions) / Seconds) : 0;

    public string ToJson() => JsonSerializer.Serialize(this, ReplayJson.Default.ReplayReport);
}

/// <summary>One pool: what was checked, what is held at the end, and the most that was held at any position.</summary>
/// <param name="Unverified">Refusals past the bound of a second, which the ledger only counts.</param>
/// <param name="LowestTokens">Lowest level of the pool's token bucket; negative where requests dearer than the bucket left it in debt, null without an admission.</param>
/// <param name="ScalingDecisions">Decisions on replicas that came out the same.</param>
/// <param name="ScalingUnverified">Decisions on replicas from events that are not in the ledger any more.</param>
internal sealed record PoolReport(
    string Pool, long Events, long Decisions, long Unverified, long HeldTokens, long HeldKvCacheBytes, int HeldSequences,
    long PeakKvCacheBytes, int PeakSequences, long? LowestTokens, long ScalingDecisions = 0, long ScalingUnverified = 0);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ReplayReport))]
internal sealed partial class ReplayJson : JsonSerializerContext;
