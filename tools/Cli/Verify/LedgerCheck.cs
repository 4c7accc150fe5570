using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

/// <summary>Takes all events in order and compares them with everything that is claimed of them: dense versions, stored hashes, tiles, checkpoints, the head of the seal.</summary>
internal sealed class LedgerCheck(ILedgerCopy copy, Claims claims, long? sealedSize)
{
    private readonly TileBuilder _tree = new();
    private readonly Dictionary<string, long> _versions = new(StringComparer.Ordinal);
    private long _vouchedFor;

    /// <summary>Events taken so far.</summary>
    public long Events => _tree.Size;

    /// <summary>Signed checkpoints that the events agree with, and the largest of their sizes.</summary>
    public long Checkpoints { get; private set; }
    public long SignedThrough { get; private set; }

    public byte[] Root => _tree.Root();

    public byte[] Chain => _tree.Chain.ToArray();

    /// <returns>The first thing that is wrong; null when nothing is.</returns>
    public async Task<Finding?> TakeAsync(LeafBlock block, CancellationToken ct)
    {
        var same = SameAsStored(block);
        for (var at = 0; at < block.Count;)
        {
            var end = claims.Next is { } next ? (int)Math.Min(block.Count, next.Size - block.First + 1) : block.Count;
            if (Append(block, at, end, same) is { } finding) return finding;
            if (await CheckClaimsAsync() is { } broken) return broken;
            at = end;
        }
        return await CheckTilesAsync(ct) ?? block.Fault;
    }

    /// <summary>Says that there is nothing more to come.</summary>
    public Finding? Complete()
    {
        if (claims.Next is { } next) return new(Events + 1, $"Position {Events + 1}: the ledger ends before it, but {next.By} covers {next.Size} events.");
        return Events > 0 && Checkpoints == 0 ? new(1, "No signed checkpoint vouches for these events.") : null;
    }

    /// <summary>How many of the block's events have the hash that was stored for them; those that are not sealed yet have none.</summary>
    private int SameAsStored(LeafBlock block)
    {
        if (block.Stored is not { } stored) return block.Count;
        var compared = Math.Min(stored.Length, block.Leaves.Length);
        var same = stored.Span[..compared].CommonPrefixLength(block.Leaves.Span[..compared]);
        if (same < compared) return same / Merkle.HashSize;
        return sealedSize is { } size && size >= block.First + compared / Merkle.HashSize ? compared / Merkle.HashSize : block.Count;
    }

    private Finding? Append(LeafBlock block, int from, int to, int same)
    {
        for (var i = from; i < to; i++)
        {
            var (place, position) = (block.Places[i], block.First + i);
            var version = _versions.GetValueOrDefault(place.Stream);
            if (place.Version != version + 1) return new(position, $"Position {position}: version {place.Version} of stream '{place.Stream}' follows version {version}.");
            if (i == same) return new(position, $"Position {position}: the event is not the one that was sealed.");
            _versions[place.Stream] = place.Version;
            _tree.Append(block.Leaf(i));
        }
        return null;
    }

    private async Task<Finding?> CheckClaimsAsync()
    {
        while (claims.Next is { } claim && claim.Size == Events)
        {
            if (!claim.Root.Span.SequenceEqual(_tree.Root()) || (claim.Chain is { } chain && !chain.Span.SequenceEqual(_tree.Chain)))
                return new(_vouchedFor + 1, $"Position {_vouchedFor + 1}: from here up to position {claim.Size} the events are not those of {claim.By}.");
            _vouchedFor = claim.Size;
            if (claim.IsSigned) (Checkpoints, SignedThrough) = (Checkpoints + 1, claim.Size);
            if (await claims.TakeAsync() is { } finding) return finding;
        }
        return null;
    }

    /// <summary>The levels of tiles above the leaves, whose proofs rest on them.</summary>
    private async Task<Finding?> CheckTilesAsync(CancellationToken ct)
    {
        foreach (var tile in _tree.TakeFilled().Where(tile => tile.Level > 0))
        {
            var position = tile.Index * HashTile.Width * (1L << (HashTile.Height * tile.Level)) + 1;
            var stored = await copy.TileAsync(tile.Level, tile.Index, ct);
            var missing = stored is null && sealedSize >= Events;
            if (missing || (stored is { } kept && !kept.Span.SequenceEqual(tile.Hashes.AsSpan(0, Math.Min(kept.Length, tile.Hashes.Length)))))
                return new(position, $"Position {position}: tile {tile.Index} of level {tile.Level}, which begins there, {(missing ? "is missing" : "does not follow from the events")}.");
        }
        return null;
    }
}
