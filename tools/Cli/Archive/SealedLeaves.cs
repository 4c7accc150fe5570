using TokenLedger.Cli.Verify;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Archive;

/// <summary>Compares events with the hashes that the ledger sealed for them, some tiles at a time.</summary>
internal sealed class SealedLeaves(SealedTree tree)
{
    private const int Tiles = 64;
    private readonly EventSeal _seal = new();
    private ReadOnlyMemory<byte> _leaves;
    private long _before;

    /// <summary>The last position whose hash is at hand.</summary>
    public long Last => _before + _leaves.Length / Merkle.HashSize;

    public bool Has(long position) => position > _before && position <= Last;

    public async Task LoadAsync(long position, CancellationToken ct)
    {
        var first = (position - 1) / HashTile.Width;
        _leaves = StoredLeaves.Join(await tree.TilesAsync(0, first, Tiles, ct), first);
        _before = first * HashTile.Width;
        if (!Has(position)) throw CommandFailure.Failed($"Position {position} is not sealed.");
    }

    /// <summary>The canonical bytes of the event that must stand at a position; they stand until the next call.</summary>
    public ReadOnlySpan<byte> Require(in EventFields e, long position)
    {
        if (e.Position != position) throw CommandFailure.Failed($"There is no event at position {position}: {e.Position} is in its place.");
        Span<byte> leaf = stackalloc byte[Merkle.HashSize];
        try
        {
            _seal.Leaf(e, leaf);
        }
        catch (CanonicalFormException error)
        {
            throw CommandFailure.Failed($"Position {position}: {error.Message}");
        }
        var at = checked((int)(position - _before - 1)) * Merkle.HashSize;
        return leaf.SequenceEqual(_leaves.Span.Slice(at, Merkle.HashSize)) ? _seal.Canonical(e) : throw CommandFailure.Failed($"The event at position {position} is not the one that was sealed.");
    }
}
