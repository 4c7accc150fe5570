using TokenLedger.Core.Pools;
using TokenLedger.Ledger;

namespace TokenLedger.Admission.Pools;

/// <summary>The writer of one pool's stream, and what a caller goes through who waits for capacity.</summary>
internal sealed class PoolWriter(PoolModel model, ILedger ledger, TimeProvider clock, StreamWriterOptions options, ILogger log, CancellationToken stopping) : IAsyncDisposable
{
    private readonly StreamWriter<PoolRequest, PoolReply> _writer = new(ledger, model, clock, options, log);

    public int QueueLength => _writer.QueueLength;

    /// <summary>Requests that wait for capacity.</summary>
    public int Waiting => model.Waiting;

    public Task<PoolReply> SendAsync(PoolCommand? command, CancellationToken ct) => _writer.SendAsync(new(command), ct);

    /// <summary>Answers a request that may wait when its wait is over. A caller who goes leaves the queue; a process that stops leaves its requests waiting, for their clients to come back to.</summary>
    /// <param name="reply">What it was told; null when it was not sent yet.</param>
    public async Task<PoolReply> AdmitAsync(Admit command, PoolReply? reply, CancellationToken ct)
    {
        var since = clock.GetUtcNow();
        try
        {
            while (true)
            {
                reply ??= await SendAsync(command with { WaitMs = Math.Max(0, command.WaitMs - (long)(clock.GetUtcNow() - since).TotalMilliseconds) }, ct);
                if (reply.Caller is { } caller) reply = await WaitAsync(caller, ct) with { Waited = clock.GetUtcNow() - since };
                if (reply.Answer is not AskAgain) return reply;
                reply = null;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await LeaveAsync(command);
            throw;
        }
    }

    private async Task<PoolReply> WaitAsync(WaitingCaller caller, CancellationToken ct)
    {
        caller.Join();
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, stopping);
            return await caller.End.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new(new Stopping(), 0);
        }
        finally
        {
            caller.Leave();
        }
    }

    /// <summary>What cannot be said now will be found when the request's turn comes.</summary>
    private async Task LeaveAsync(Admit command)
    {
        try
        {
            await SendAsync(new Abandon(command.Request, command.Entitlement), CancellationToken.None);
        }
        catch (Exception e) when (e is LedgerUnavailableException or QueueFullException or ObjectDisposedException)
        {
            log.LogWarning("The end of a wait could not be recorded and will be at its turn: {Reason}", e.Message);
        }
    }

    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
