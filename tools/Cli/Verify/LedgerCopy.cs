using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

/// <summary>A checkpoint as it was found, and the size it is found under.</summary>
internal sealed record FoundCheckpoint(long Size, string Note);

/// <summary>Where the ledger ends.</summary>
/// <param name="Position">The last position; null when only reading tells.</param>
/// <param name="Seal">The head of the seal; null where it cannot be reached.</param>
internal sealed record CopyHead(long? Position, SealHead? Seal);

/// <summary>A ledger to verify, wherever it is: a database, an API or a file.</summary>
internal interface ILedgerCopy : IAsyncDisposable
{
    Task<CopyHead> HeadAsync(CancellationToken ct);

    /// <summary>All events in blocks, in order. Each step begins to read the next one; several may be on their way.</summary>
    IEnumerable<Task<LeafBlock>> Blocks(long? through, CancellationToken ct);

    /// <summary>The checkpoints it keeps, the smallest first.</summary>
    IAsyncEnumerable<FoundCheckpoint> CheckpointsAsync(CancellationToken ct);

    /// <summary>The public keys it names. They vouch for nothing that came the same way, unless the reader knows them.</summary>
    Task<IReadOnlyList<VerifierKey>> KeysAsync(CancellationToken ct);

    /// <summary>A full tile as it is kept; null when there is none, or none can be reached.</summary>
    Task<ReadOnlyMemory<byte>?> TileAsync(int level, long index, CancellationToken ct);
}
