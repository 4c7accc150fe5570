using System.Buffers;
using System.IO.Pipelines;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Gateway.Answers;
using TokenLedger.Gateway.Ledger;
using TokenLedger.Gateway.Requests;
using TokenLedger.Gateway.Upstreams;

namespace TokenLedger.Gateway;

/// <summary>
/// Carries one admitted request out: sends it to a server, to another one while nothing has reached the client, passes the answer on and settles what was used.
/// However it ends, it is settled once.
/// </summary>
internal sealed class Exchange(ProxyParts parts, HttpContext http, ProxiedRequest request, InferenceKey key, PoolSettings pool, AdmissionView admission, long estimate)
{
    private readonly UsageTally _tally = new();
    private readonly Settlement _settlement = new(parts, request, key, pool, admission.RequestId, estimate);
    private readonly ReadOnlyMemory<byte> _body = UsageAsked.In(request, parts.Options.ContinuousUsage);

    private bool ClientGone => http.RequestAborted.IsCancellationRequested;

    public async Task<Refusal?> RunAsync()
    {
        await using var lease = new Lease(parts.Ledger, key, admission.RequestId, parts.Clock, parts.Log).Keep(admission.ExpiresAt);
        try
        {
            return await SendAsync();
        }
        finally
        {
            await _settlement.EndAsync(ClientGone ? Outcome.Aborted : Outcome.Failed, _tally, chunks: 0);
        }
    }

    private async Task<Refusal?> SendAsync()
    {
        var replicas = parts.Upstreams.Of(key.Caller.Pool);
        List<Replica> tried = [];
        var timedOut = false;
        while (tried.Count < parts.Options.MaxAttempts && !ClientGone && parts.Chooser.Choose(replicas, request.Blocks.Hashes, tried, pool.PerReplica.Sequences) is { } replica)
        {
            tried.Add(replica);
            var isLast = tried.Count == Math.Min(parts.Options.MaxAttempts, replicas.Count);
            await using var call = new UpstreamCall(parts.Client, replica, admission.RequestId, admission.Reserved.Tokens, parts.Options, parts.Clock, http.RequestAborted);
            try
            {
                if (await TryAsync(call, isLast)) return null;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                if (ClientGone) return null;
                parts.Meters.Attempt(key.Caller.Pool, call.TimedOut ? "timeout" : "failed");
                replica.Failed(parts.Clock.GetUtcNow(), parts.Options);
                timedOut = call.TimedOut;
                if (!http.Response.HasStarted) continue;
                // A stream that breaks here breaks there: an end in good order would say that the answer is whole.
                await _settlement.EndAsync(Outcome.Failed, _tally, _settlement.Chunks);
                http.Abort();
                return null;
            }
        }
        return timedOut
            ? new(StatusCodes.Status504GatewayTimeout, "upstream-timeout", "The inference servers did not answer in time.", TimeSpan.FromSeconds(1))
            : new(StatusCodes.Status502BadGateway, "upstream-unavailable", "No inference server could be reached.", TimeSpan.FromSeconds(1));
    }

    /// <returns>False when another server shall be tried.</returns>
    private async Task<bool> TryAsync(UpstreamCall call, bool isLast)
    {
        using var message = UpstreamClient.Message(call.Replica, request.Api, http.Request, _body, admission.RequestId);
        call.Within(request.Stream ? parts.Options.FirstByteMs : parts.Options.AnswerMs);
        _settlement.Unheard = call.Replica;
        using var response = await parts.Client.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, call.Token);
        var status = (int)response.StatusCode;
        parts.Meters.Attempt(key.Caller.Pool, $"{status / 100}xx");
        if (status >= 500) call.Replica.Failed(parts.Clock.GetUtcNow(), parts.Options);
        if (status is >= 500 or StatusCodes.Status429TooManyRequests && !isLast) return false;
        await using var stream = await response.Content.ReadAsStreamAsync(call.Token);
        if (response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType == "text/event-stream")
        {
            var copy = new StreamCopy(parts, http, call, _settlement, _tally, Filter());
            return await copy.RunAsync(response, PipeReader.Create(stream, new(bufferSize: 16_384)));
        }
        var body = await WholeAsync(stream, call.Token);
        call.Within(parts.Options.AnswerMs);
        if (response.IsSuccessStatusCode)
        {
            call.Replica.Succeeded();
            AnswerReading.ReadWhole(body.Span, _tally);
            _settlement.Unheard = null;
            await _settlement.EndAsync(ClientGone ? Outcome.Aborted : Outcome.Completed, _tally, chunks: 0);
        }
        UpstreamClient.CopyHead(response, http.Response);
        http.Response.ContentLength = body.Length;
        if (!ClientGone) await http.Response.Body.WriteAsync(body, CancellationToken.None);
        return true;
    }

    private StreamFilter Filter()
    {
        var changed = !_body.Equals(request.Body);
        return new(request.Api, _tally, hidesUsage: changed && !request.IncludeUsage, hidesContinuous: changed && !request.ContinuousUsage && parts.Options.ContinuousUsage);
    }

    private async Task<ReadOnlyMemory<byte>> WholeAsync(Stream stream, CancellationToken ct)
    {
        var body = new ArrayBufferWriter<byte>(4_096);
        while (await stream.ReadAsync(body.GetMemory(4_096), ct) is > 0 and var read)
        {
            body.Advance(read);
            if (body.WrittenCount > parts.Options.MaxAnswerBytes) throw new IOException($"An answer has more than {parts.Options.MaxAnswerBytes} bytes.");
        }
        return body.WrittenMemory;
    }
}
