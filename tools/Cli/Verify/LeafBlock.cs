using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

/// <summary>What is wrong, in a sentence, and from which position on.</summary>
internal sealed record Finding(long Position, string Text);

/// <summary>Where an event stands in its stream.</summary>
internal readonly record struct StreamPlace(string Stream, long Version);

/// <summary>Neighbouring events reduced to what is checked of them: their leaf hashes and their places in their streams.</summary>
/// <param name="First">Position of the first.</param>
/// <param name="Stored">The leaf hashes that the ledger keeps for these positions, as far as it is sealed; null where they cannot be reached.</param>
/// <param name="Fault">Why the block ends early; null when it does not.</param>
internal sealed record LeafBlock(long First, ReadOnlyMemory<byte> Leaves, IReadOnlyList<StreamPlace> Places, ReadOnlyMemory<byte>? Stored, Finding? Fault)
{
    /// <summary>Events in a block at most: whole tiles, and no more of them than are asked for at once.</summary>
    public const int MostEvents = 64 * HashTile.Width;

    public int Count => Places.Count;

    public long Through => First + Count - 1;

    public ReadOnlySpan<byte> Leaf(int index) => Leaves.Span.Slice(index * Merkle.HashSize, Merkle.HashSize);
}
