using System.Runtime.CompilerServices;
using Npgsql;
using TokenLedger.Cli.Archive;
using TokenLedger.Ledger;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

/// <summary>The ledger in its database: the bytes that are stored, read by several connections at once.</summary>
internal sealed class PostgresCopy(NpgsqlDataSource database) : ILedgerCopy
{
    private const int CheckpointPage = 1_000;
    private readonly SealedTree _tree = new(database);
    private readonly CheckpointStore _checkpoints = new(database);

    public static PostgresCopy Open(string connection, string schema)
    {
        try
        {
            return new(LedgerDatabase.Open(connection, schema));
        }
        catch (ArgumentException error)
        {
            throw CommandFailure.BadUsage(error.Message);
        }
    }

    public Task<CopyHead> HeadAsync(CancellationToken ct) => AnswerAsync(async () =>
    {
        await LedgerArchive.RequireReadableAsync(database, 0, ct);
        var seal = await _tree.HeadAsync(ct);
        return new CopyHead(seal.Position, seal);
    });

    public IEnumerable<Task<LeafBlock>> Blocks(long? through, CancellationToken ct)
    {
        for (var first = 1L; first <= through; first += LeafBlock.MostEvents)
        {
            var (from, count) = (first, (int)Math.Min(LeafBlock.MostEvents, through.Value - first + 1));
            yield return Task.Run(() => AnswerAsync(() => ReadAsync(from, count, ct)), ct);
        }
    }

    public async IAsyncEnumerable<FoundCheckpoint> CheckpointsAsync([EnumeratorCancellation] CancellationToken ct)
    {
        for (var after = 0L; ;)
        {
            var page = await AnswerAsync(() => _checkpoints.PageAsync(after, CheckpointPage, ct));
            foreach (var checkpoint in page) yield return new(checkpoint.Size, checkpoint.Note);
            if (page.Count < CheckpointPage) yield break;
            after = page[^1].Size;
        }
    }

    public Task<IReadOnlyList<VerifierKey>> KeysAsync(CancellationToken ct) => AnswerAsync(() => _checkpoints.KeysAsync(ct));

    public async Task<ReadOnlyMemory<byte>?> TileAsync(int level, long index, CancellationToken ct) =>
        (await AnswerAsync(() => _tree.TilesAsync(level, index, 1, ct))) is [var tile] ? tile.Hashes : null;

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private async Task<LeafBlock> ReadAsync(long first, int count, CancellationToken ct)
    {
        var builder = new LeafBlockBuilder(first, count);
        await using (var connection = await database.OpenConnectionAsync(ct))
        {
            await using var rows = await EventRowReader.OpenAsync(connection, first - 1, first + count - 1, ct);
            do Take(rows, builder);
            while (!builder.IsDone && await rows.FillAsync(ct));
        }
        return builder.Build(StoredLeaves.Join(await _tree.TilesAsync(0, (first - 1) / HashTile.Width, LeafBlock.MostEvents / HashTile.Width, ct), (first - 1) / HashTile.Width));
    }

    private static void Take(EventRowReader rows, LeafBlockBuilder builder)
    {
        while (!builder.IsDone && rows.TryRead(out var e)) builder.Take(e);
    }

    /// <summary>A database that is not there, or not a ledger, is told in one sentence.</summary>
    private static async Task<T> AnswerAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception error) when (error is NpgsqlException or DamagedSealException)
        {
            throw CommandFailure.Failed($"The database cannot be read: {error.Message}");
        }
    }
}
