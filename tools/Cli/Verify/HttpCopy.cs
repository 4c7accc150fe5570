using System.Runtime.CompilerServices;
using TokenLedger.Cli.Api;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

/// <summary>The ledger behind the API, with an auditor's key.</summary>
internal sealed class HttpCopy(ApiClient api) : ILedgerCopy
{
    private const int CheckpointPage = 1_000;

    public async Task<CopyHead> HeadAsync(CancellationToken ct) => new((await api.GetAsync("v1/ledger/head", ApiJson.Shapes.LedgerHead, ct)).Position, Seal: null);

    public IEnumerable<Task<LeafBlock>> Blocks(long? through, CancellationToken ct)
    {
        for (var first = 1L; first <= through; first += LeafBlock.MostEvents)
        {
            var (from, count) = (first, (int)Math.Min(LeafBlock.MostEvents, through.Value - first + 1));
            yield return Task.Run(() => ReadAsync(from, count, ct), ct);
        }
    }

    public async IAsyncEnumerable<FoundCheckpoint> CheckpointsAsync([EnumeratorCancellation] CancellationToken ct)
    {
        for (var after = 0L; ;)
        {
            var page = (await api.GetAsync(Query.Of("v1/ledger/checkpoints", ("after", after), ("limit", CheckpointPage)), ApiJson.Shapes.CheckpointList, ct)).Checkpoints;
            foreach (var checkpoint in page) yield return new(checkpoint.Size, checkpoint.Note);
            if (page.Count < CheckpointPage) yield break;
            after = page[^1].Size;
        }
    }

    public async Task<IReadOnlyList<VerifierKey>> KeysAsync(CancellationToken ct)
    {
        List<VerifierKey> keys = [];
        foreach (var view in (await api.GetAsync("v1/ledger/key", ApiJson.Shapes.LedgerKeyList, ct)).Keys)
            if (VerifierKey.TryParse(view.VerifierKey, out var key)) keys.Add(key);
        return keys;
    }

    public async Task<ReadOnlyMemory<byte>?> TileAsync(int level, long index, CancellationToken ct) =>
        await api.GetAsync($"v1/ledger/tiles/{level}/{index}", ct) is { Length: > 0 } tile ? tile : null;

    public ValueTask DisposeAsync()
    {
        api.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<LeafBlock> ReadAsync(long first, int count, CancellationToken ct)
    {
        var builder = new LeafBlockBuilder(first, count);
        var path = Query.Of("v1/ledger/events", ("after", first - 1), ("limit", count));
        await using (var lines = new LineReader(await api.OpenAsync(path, ApiClient.Ndjson, ct)))
            await TakeAsync(builder, lines, ct);
        var tiles = Query.Of($"v1/ledger/tiles/0/{(first - 1) / HashTile.Width}", ("count", LeafBlock.MostEvents / HashTile.Width));
        return builder.Build(await api.GetAsync(tiles, ct));
    }

    private static async Task TakeAsync(LeafBlockBuilder builder, LineReader lines, CancellationToken ct)
    {
        try
        {
            await builder.TakeAsync(lines, ct);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw CommandFailure.Failed($"The server broke off before position {builder.Next}: {error.Message}");
        }
    }
}
