using System.Buffers;
using System.IO.Pipelines;
using TokenLedger.Contracts;
using TokenLedger.Gateway.Answers;
using TokenLedger.Gateway.Upstreams;

namespace TokenLedger.Gateway;

/// <summary>
/// Passes a stream on as it arrives. Its last event is kept back until the usage is recorded, so that no client has a whole answer that is not in the ledger;
/// everything before it goes at once.
/// </summary>
internal sealed class StreamCopy(ProxyParts parts, HttpContext http, UpstreamCall call, Settlement settlement, UsageTally tally, StreamFilter filter)
{
    private byte[]? _end;

    private PipeWriter? Client => http.RequestAborted.IsCancellationRequested ? null : http.Response.BodyWriter;

    /// <returns>False when the stream was empty.</returns>
    public async Task<bool> RunAsync(HttpResponseMessage response, PipeReader reader)
    {
        var read = await reader.ReadAsync(call.Token);
        if (read is { IsCompleted: true, Buffer.IsEmpty: true }) return false;
        call.Replica.Succeeded();
        UpstreamClient.CopyHead(response, http.Response);
        while (true)
        {
            var buffer = read.Buffer;
            Pass(ref buffer, read.IsCompleted);
            settlement.Chunks = filter.Chunks;
            reader.AdvanceTo(buffer.Start, buffer.End);
            // A client that reads slowly slows its server down; one that has gone is noticed by its own token.
            if (Client is { } client) await client.FlushAsync(CancellationToken.None);
            if (_end is null && filter.Chunks > 0)
            {
                settlement.FirstToken();
                settlement.Progress(tally);
            }
            if (_end is not null || read.IsCompleted) break;
            call.Within(parts.Options.IdleMs);
            read = await reader.ReadAsync(call.Token);
        }
        await FinishAsync(reader);
        return true;
    }

    private void Pass(ref ReadOnlySequence<byte> buffer, bool isCompleted)
    {
        while (_end is null && EventLines.TryTake(ref buffer, out var one))
            if (filter.Pass(one, Client)) _end = one.ToArray();
        if (_end is not null || !isCompleted && buffer.Length <= parts.Options.MaxEventBytes) return;
        // What does not end, or is too long to look into, is passed on as it is.
        foreach (var part in buffer) Client?.Write(part.Span);
        buffer = buffer.Slice(buffer.End);
    }

    private async Task FinishAsync(PipeReader reader)
    {
        var gone = http.RequestAborted.IsCancellationRequested;
        if (_end is not null) settlement.Unheard = null;
        await settlement.EndAsync(gone ? Outcome.Aborted : _end is null ? Outcome.Failed : Outcome.Completed, tally, filter.Chunks);
        if (_end is null || Client is not { } client) return;
        await client.WriteAsync(_end, CancellationToken.None);
        call.Within(parts.Options.IdleMs);
        await reader.CopyToAsync(client, call.Token);
    }
}
