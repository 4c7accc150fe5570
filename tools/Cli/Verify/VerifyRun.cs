using System.Diagnostics;
using System.Runtime.CompilerServices;
using TokenLedger.Ledger.Sealing;

namespace TokenLedger.Cli.Verify;

/// <summary>Verifies a ledger from its first event to where its head was at the start.</summary>
/// <param name="given">Checkpoints that the reader brought along.</param>
/// <param name="pinned">Keys that the reader trusts; empty = those that the ledger names.</param>
/// <param name="atOnce">Blocks read at once.</param>
/// <param name="progress">Told events so far and all there are, where that is known.</param>
internal sealed class VerifyRun(ILedgerCopy copy, IReadOnlyList<string> given, IReadOnlyList<VerifierKey> pinned, int atOnce, Action<long, long?> progress)
{
    public async Task<VerifyReport> RunAsync(CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        var head = await copy.HeadAsync(ct);
        var named = pinned.Count > 0 ? [] : await copy.KeysAsync(ct);
        IReadOnlyList<VerifierKey> keys = pinned.Count > 0 ? pinned : named;
        try
        {
            await using var stored = CheckpointsAsync(head.Position, ct).GetAsyncEnumerator(ct);
            var claims = new Claims(stored, given, head.Seal, keys);
            var check = new LedgerCheck(copy, claims, head.Seal?.Size);
            var finding = await claims.StartAsync() ?? await ReadAsync(check, head.Position, ct) ?? check.Complete();
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            return new(finding is null, finding, check.Events, check.SignedThrough, check.Checkpoints, check.Root, check.Chain, [.. keys.Select(key => key.ToString())], pinned.Count > 0, seconds, check.Events / seconds);
        }
        finally
        {
            foreach (var key in named) key.Dispose();
        }
    }

    private async Task<Finding?> ReadAsync(LedgerCheck check, long? through, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reading = new Queue<Task<LeafBlock>>();
        try
        {
            using var blocks = copy.Blocks(through, stop.Token).GetEnumerator();
            while (true)
            {
                while (reading.Count < atOnce && blocks.MoveNext()) reading.Enqueue(blocks.Current);
                if (reading.Count == 0) return null;
                var block = await reading.Dequeue();
                if (await check.TakeAsync(block, ct) is { } finding) return finding;
                progress(check.Events, through);
                if (block.Count < LeafBlock.MostEvents) return null;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(reading).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    /// <summary>The stored checkpoints without those that were signed over events appended since the start. One beyond the ledger's end as it is now is not passed over.</summary>
    private async IAsyncEnumerable<FoundCheckpoint> CheckpointsAsync(long? through, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var checkpoint in copy.CheckpointsAsync(ct))
        {
            if (checkpoint.Size > through && checkpoint.Size <= (await copy.HeadAsync(ct)).Position) yield break;
            yield return checkpoint;
        }
    }
}
