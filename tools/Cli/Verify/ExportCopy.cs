using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

/// <summary>The ledger in a file of lines, as <c>GET /v1/ledger/events</c> gives it with <c>Accept: application/x-ndjson</c>.</summary>
/// <param name="keys">Keys that came with the checkpoint to compare with.</param>
internal sealed class ExportCopy(Stream file, IReadOnlyList<VerifierKey> keys) : ILedgerCopy
{
    private readonly LineReader _lines = new(file);

    public Task<CopyHead> HeadAsync(CancellationToken ct) => Task.FromResult(new CopyHead(null, null));

    /// <summary>One block is read after the other, while the one before is checked; a short one is the last.</summary>
    public IEnumerable<Task<LeafBlock>> Blocks(long? through, CancellationToken ct)
    {
        var block = Task.FromResult<LeafBlock?>(null);
        while (true)
        {
            var before = block;
            var next = Task.Run(async () => await ReadAsync(await before, ct), ct);
            block = next!;
            yield return next;
        }
    }

    public async IAsyncEnumerable<FoundCheckpoint> CheckpointsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await Task.CompletedTask;
        yield break;
    }

    public Task<IReadOnlyList<VerifierKey>> KeysAsync(CancellationToken ct) => Task.FromResult(keys);

    public Task<ReadOnlyMemory<byte>?> TileAsync(int level, long index, CancellationToken ct) => Task.FromResult<ReadOnlyMemory<byte>?>(null);

    public ValueTask DisposeAsync() => _lines.DisposeAsync();

    private async Task<LeafBlock> ReadAsync(LeafBlock? before, CancellationToken ct)
    {
        var builder = new LeafBlockBuilder(before is null ? 1 : before.Through + 1, LeafBlock.MostEvents);
        if (before is null or { Count: LeafBlock.MostEvents, Fault: null }) await builder.TakeAsync(_lines, ct);
        return builder.Build(stored: null, mayBeShort: true);
    }
}
