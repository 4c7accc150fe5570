using System.Threading.Channels;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Replay;

/// <summary>
/// Verifies the streams of pools and their fleets as they are read. One task reads, several make out the events of a batch, and each pool has a task of its own that decides them again;
/// between them are bounded channels, so that memory does not grow with the ledger.
/// </summary>
/// <param name="progress">Told the position up to which the ledger has been read.</param>
internal sealed class LedgerVerification(Action<long>? progress = null)
{
    /// <summary>Batches that are being made out, and batches that wait for one pool.</summary>
    private const int MostBatches = 16;
    private readonly SortedDictionary<string, PoolWorker> _pools = new(StringComparer.Ordinal);
    private long _stopAfter = long.MaxValue;

    public async Task<ReplayReport> RunAsync(IAsyncEnumerable<IReadOnlyList<RawEvent>> batches, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var decoding = Channel.CreateBounded<Task<List<RecordedEvent>>>(new BoundedChannelOptions(MostBatches) { SingleReader = true, SingleWriter = true });
        var reading = ReadAsync(batches, decoding.Writer, stop.Token);
        try
        {
            await foreach (var batch in decoding.Reader.ReadAllAsync(stop.Token)) await DealAsync(await batch, stop.Token);
            await reading;
            await Task.WhenAll(_pools.Values.Select(pool => pool.CompleteAsync()));
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var pool in _pools.Values) pool.Queue.TryComplete();
        }
        // What is found first depends on which pool is quicker; what comes first in the ledger does not.
        var first = _pools.Values.Select(pool => pool.Verification.Found).OfType<Finding>().MinBy(finding => finding.Position);
        return new(first is null, first?.Sentence, [.. _pools.Values.Select(pool => pool.Verification.ToReport())]);
    }

    private async Task ReadAsync(IAsyncEnumerable<IReadOnlyList<RawEvent>> batches, ChannelWriter<Task<List<RecordedEvent>>> decoding, CancellationToken ct)
    {
        try
        {
            await foreach (var batch in batches.WithCancellation(ct))
            {
                // Every event before the first finding has to be looked at, none behind it.
                if (batch[0].Position > Interlocked.Read(ref _stopAfter)) break;
                await decoding.WriteAsync(Task.Run(() => PoolEvents(batch), ct), ct);
                progress?.Invoke(batch[^1].Position);
            }
            decoding.Complete();
        }
        catch (Exception e)
        {
            decoding.Complete(e);
        }
    }

    /// <summary>The events of pools; those of other streams count for nothing and are not even made out.</summary>
    private static List<RecordedEvent> PoolEvents(IReadOnlyList<RawEvent> batch)
    {
        var events = new List<RecordedEvent>(batch.Count);
        foreach (var raw in batch)
            if (PoolOf(raw.Stream) is not null) events.Add(raw.Read());
        return events;
    }

    /// <summary>The pool whose own or whose fleet's stream this is; null for another.</summary>
    private static string? PoolOf(string stream) =>
        stream.StartsWith(Streams.PoolPrefix, StringComparison.Ordinal) ? stream[Streams.PoolPrefix.Length..]
        : stream.StartsWith(Streams.FleetPrefix, StringComparison.Ordinal) ? stream[Streams.FleetPrefix.Length..] : null;

    private async Task DealAsync(List<RecordedEvent> batch, CancellationToken ct)
    {
        if (batch.Count > 0 && batch[0].Stream is var only && batch.TrueForAll(e => e.Stream == only))
        {
            await Worker(PoolOf(only)!).Queue.WriteAsync(batch, ct);
            return;
        }
        foreach (var ofPool in batch.GroupBy(e => PoolOf(e.Stream)!)) await Worker(ofPool.Key).Queue.WriteAsync([.. ofPool], ct);
    }

    private PoolWorker Worker(string pool)
    {
        if (!_pools.TryGetValue(pool, out var worker)) _pools[pool] = worker = new(PoolId.Parse(pool), this);
        return worker;
    }

    private void StopAfter(long position)
    {
        for (var seen = Interlocked.Read(ref _stopAfter); position < seen; seen = Interlocked.Read(ref _stopAfter))
            Interlocked.CompareExchange(ref _stopAfter, position, seen);
    }

    /// <summary>One pool, its queue and the task that empties it.</summary>
    private sealed class PoolWorker
    {
        private readonly Channel<List<RecordedEvent>> _queue = Channel.CreateBounded<List<RecordedEvent>>(new BoundedChannelOptions(MostBatches) { SingleReader = true, SingleWriter = true });
        private readonly Task _work;

        public PoolWorker(PoolId pool, LedgerVerification whole)
        {
            Verification = new(pool);
            _work = Task.Run(() => WorkAsync(whole));
        }

        public PoolVerification Verification { get; }
        public ChannelWriter<List<RecordedEvent>> Queue => _queue.Writer;

        public async Task CompleteAsync()
        {
            _queue.Writer.Complete();
            await _work;
            Verification.Complete();
        }

        private async Task WorkAsync(LedgerVerification whole)
        {
            await foreach (var batch in _queue.Reader.ReadAllAsync())
                foreach (var recorded in batch)
                {
                    Verification.Take(recorded);
                    if (Verification.Found is { } found) whole.StopAfter(found.Position);
                }
        }
    }
}
