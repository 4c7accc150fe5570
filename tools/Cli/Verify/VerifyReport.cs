using System.Text.Json;
using System.Text.Json.Serialization;

namespace TokenLedger.Cli.Verify;

/// <summary>What a verification came to.</summary>
/// <param name="Finding">The first thing that is wrong.</param>
/// <param name="SignedThrough">Size of the largest signed checkpoint that the events agree with: what comes after it nobody has vouched for yet.</param>
/// <param name="Checkpoints">Signed checkpoints that the events agree with.</param>
/// <param name="Root">Root of the tree over the events read.</param>
/// <param name="Chain">Chain hash of the last of them.</param>
/// <param name="Keys">Keys that signatures were checked with.</param>
/// <param name="KeysAreGiven">True when the reader brought the keys; false when the ledger named them itself.</param>
internal sealed record VerifyReport(
    bool Ok, Finding? Finding, long Events, long SignedThrough, long Checkpoints, ReadOnlyMemory<byte> Root, ReadOnlyMemory<byte> Chain, IReadOnlyList<string> Keys, bool KeysAreGiven,
    double Seconds, double EventsPerSecond)
{
    public string ToJson() => JsonSerializer.Serialize(this, VerifyJson.Default.VerifyReport);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(VerifyReport))]
internal sealed partial class VerifyJson : JsonSerializerContext;
