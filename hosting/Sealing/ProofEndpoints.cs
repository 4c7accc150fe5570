using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Problems;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Hosting;

/// <summary>Proofs over the tree, and the tree itself in tiles.</summary>
internal static class ProofEndpoints
{
    private const int MostTiles = 64;

    /// <param name="size">Size of the tree to prove it in; absent = that of the newest checkpoint, whose signature then covers the proof.</param>
    public static async Task<IResult> InclusionAsync(SealedTree tree, CheckpointStore checkpoints, long position, long? size, CancellationToken ct)
    {
        var head = await tree.HeadAsync(ct);
        if (position < 1 || position > head.Position) return Problem.NotFound("position-unknown", $"The ledger has the positions 1 to {head.Position}.");
        if (size is { } asked && (asked < position || asked > head.Size)) return Problem.Invalid("size", $"must be from {position}, the position, to {head.Size}, the events sealed");
        var checkpoint = size is { } of ? await checkpoints.OfSizeAsync(of, ct) : await checkpoints.LastAsync(ct);
        if ((size ?? checkpoint?.Size) is not { } within) return CheckpointEndpoints.Missing();
        if (position > within) return Problem.NotFound("position-not-sealed", $"Position {position} is not covered by a signed checkpoint yet; it will be within seconds.");
        var hashes = await tree.HashesAsync([new(position - 1, position), new(0, within), .. MerkleProof.Inclusion(position - 1, within)], ct);
        return TypedResults.Json(new InclusionProof(position, position - 1, hashes[0], within, hashes[1], [.. hashes.Skip(2)], checkpoint?.Note), HttpJson.Default.InclusionProof);
    }

    public static async Task<IResult> ConsistencyAsync(SealedTree tree, CheckpointStore checkpoints, long? from, long? to, CancellationToken ct)
    {
        var head = await tree.HeadAsync(ct);
        if ((to ?? (await checkpoints.LastAsync(ct))?.Size) is not { } second) return CheckpointEndpoints.Missing();
        var fields = new Fields();
        var first = fields.Required(from, "from");
        fields.Require(second >= 1 && second <= head.Size, "to", $"must be from 1 to {head.Size}, the events sealed");
        fields.Require(first >= 1 && first <= second, "from", $"must be from 1 to {second}, the size it is compared with");
        if (fields.Problem is { } problem) return problem;
        var hashes = await tree.HashesAsync([new(0, first), new(0, second), .. MerkleProof.Consistency(first, second)], ct);
        return TypedResults.Json(new ConsistencyProof(first, second, hashes[0], hashes[1], [.. hashes.Skip(2)]), HttpJson.Default.ConsistencyProof);
    }

    /// <summary>Neighbouring tiles one behind the other; the last may be short, and where the tree ends so does the answer.</summary>
    public static async Task<IResult> TilesAsync(SealedTree tree, int level, long index, int? count, CancellationToken ct)
    {
        var fields = new Fields();
        fields.Require(level is >= 0 and < HashTile.MostLevels, "level", $"must be 0 to {HashTile.MostLevels - 1}");
        fields.Require(index is >= 0 and < long.MaxValue - MostTiles, "index", "must not be negative or beyond all trees");
        fields.Require(count is null or >= 1 and <= MostTiles, "count", $"must be 1 to {MostTiles}");
        if (fields.Problem is { } problem) return problem;
        var bytes = new MemoryStream();
        foreach (var (offset, tile) in (await tree.TilesAsync(level, index, count ?? 1, ct)).Index())
        {
            // Behind a hole or a short tile nothing would be in its place.
            if (tile.Index != index + offset || bytes.Length != (long)offset * HashTile.FullSize) break;
            bytes.Write(tile.Hashes);
        }
        return TypedResults.Bytes(bytes.GetBuffer().AsMemory(0, (int)bytes.Length), MediaTypeNames.Application.Octet);
    }
}
