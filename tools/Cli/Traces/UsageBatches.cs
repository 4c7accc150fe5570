using System.Threading.Channels;

namespace TokenLedger.Cli.Traces;

/// <summary>
/// Reports usage in batches at its own pace: while one post is under way the next batch fills, so no one waits for a batch to become full.
/// A full queue holds the workers back.
/// </summary>
internal sealed class UsageBatches(GatewayCalls calls, int batchSize)
{
    private const int QueuedBatches = 4;
    private const int Senders = 2;
    private readonly Channel<PlannedRequest> _queue = Channel.CreateBounded<PlannedRequest>(batchSize * QueuedBatches);

    public ValueTask AddAsync(PlannedRequest request, CancellationToken ct) => _queue.Writer.WriteAsync(request, ct);

    public void Complete() => _queue.Writer.Complete();

    /// <summary>Sends until the queue is completed and empty.</summary>
    public Task RunAsync(CancellationToken ct) => Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => SendAsync(ct)));

    private async Task SendAsync(CancellationToken ct)
    {
        var batch = new List<PlannedRequest>(batchSize);
        while (await _queue.Reader.WaitToReadAsync(ct))
        {
            batch.Clear();
            while (batch.Count < batchSize && _queue.Reader.TryRead(out var request)) batch.Add(request);
            if (batch.Count > 0) await calls.ReportAsync(batch, ct);
        }
    }
}
