using System.Globalization;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Problems;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Hosting;

/// <summary>Signed checkpoints and the keys to check them with.</summary>
internal static class CheckpointEndpoints
{
    private const int DefaultLimit = 100;
    private const int LargestPage = 1_000;

    public static async Task<IResult> LastAsync(HttpRequest request, CheckpointStore checkpoints, CancellationToken ct)
    {
        if (await checkpoints.LastAsync(ct) is not { } last) return Missing();
        return WantsJson(request) ? TypedResults.Json(await ViewAsync(checkpoints, last, ct), HttpJson.Default.CheckpointView) : TypedResults.Text(last.Note, "text/plain; charset=utf-8");
    }

    public static async Task<IResult> ListAsync(CheckpointStore checkpoints, long? after, int? limit, CancellationToken ct)
    {
        var fields = new Fields();
        fields.Require(after is not < 0, "after", "must not be negative");
        fields.Require(limit is null or >= 1 and <= LargestPage, "limit", $"must be 1 to {LargestPage}");
        if (fields.Problem is { } problem) return problem;
        var page = await checkpoints.PageAsync(after ?? 0, limit ?? DefaultLimit, ct);
        return TypedResults.Json(new CheckpointList([.. page.Select(one => new CheckpointNote(one.Size, one.CreatedAt, one.Note))]), HttpJson.Default.CheckpointList);
    }

    public static async Task<IResult> KeysAsync(CheckpointStore checkpoints, CancellationToken ct) =>
        TypedResults.Json(new LedgerKeyList(await KeyViewsAsync(checkpoints, ct)), HttpJson.Default.LedgerKeyList);

    public static IResult Missing() => Problem.NotFound("checkpoint-missing", "No checkpoint has been signed yet. One is signed within seconds of an append, by a process that has TokenLedger:Sealing:KeyFile.");

    private static async Task<CheckpointView> ViewAsync(CheckpointStore checkpoints, StoredCheckpoint stored, CancellationToken ct)
    {
        if (!SignedNote.TryParse(stored.Note, out var note) || !Checkpoint.TryParse(note.Text, out var signed)) throw new DamagedSealException($"The stored checkpoint of size {stored.Size} cannot be read.");
        var keys = await KeyViewsAsync(checkpoints, ct);
        var key = keys.FirstOrDefault(key => note.Signatures.Any(signature => signature.Name == key.Name && Id(signature.KeyId) == key.KeyId));
        return new(signed.Origin, signed.Size, signed.Root, signed.Chain, stored.CreatedAt, stored.Note, key);
    }

    private static async Task<IReadOnlyList<LedgerKeyView>> KeyViewsAsync(CheckpointStore checkpoints, CancellationToken ct)
    {
        var keys = await checkpoints.KeysAsync(ct);
        try
        {
            return [.. keys.Select(key => new LedgerKeyView(key.Name, Id(key.Id), "ecdsa-p256-sha256", key.PublicKey, key.ToString()))];
        }
        finally
        {
            foreach (var key in keys) key.Dispose();
        }
    }

    private static string Id(uint id) => id.ToString("x8", CultureInfo.InvariantCulture);

    private static bool WantsJson(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(accept => accept.MediaType.Equals(MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase));
}
