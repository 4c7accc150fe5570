using TokenLedger.Client;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Gateway.Answers;
using TokenLedger.Gateway.Ledger;
using TokenLedger.Gateway.Requests;
using TokenLedger.Gateway.Upstreams;

namespace TokenLedger.Gateway;

/// <summary>The end of a request in the ledger: what it used is reported, or its reservation is released when it used nothing.</summary>
internal sealed class Settlement(ProxyParts parts, ProxiedRequest request, InferenceKey key, PoolSettings pool, RequestId id, long estimate)
{
    /// <summary>All gateways report under one name, so that an end that two of them tell counts once.</summary>
    public const string Source = "tokenledger-gateway";
    private readonly DateTimeOffset _startedAt = parts.Clock.GetUtcNow();
    private readonly StreamReports _reports = new(parts.Ledger, key, id, parts.Clock, TimeSpan.FromMilliseconds(parts.Options.StreamReportMs), parts.Log);
    private DateTimeOffset? _firstTokenAt;
    private volatile bool _ended;

    /// <summary>Events with content so far, for a server that tells no usage.</summary>
    public long Chunks { get; set; }

    /// <summary>The server that has the request and has not said its last word on the usage.</summary>
    public Replica? Unheard { get; set; }

    /// <summary>The prompt has been read.</summary>
    public void FirstToken()
    {
        if (_firstTokenAt is not null) return;
        _firstTokenAt = parts.Clock.GetUtcNow();
        parts.FirstTokens.Add(TellFirstTokenAsync);
    }

    /// <summary>More of a stream has come.</summary>
    public void Progress(UsageTally tally) => _reports.Progress(tally.Input ?? estimate, Math.Max(tally.Output ?? 0, Chunks), tally);

    /// <summary>Returns when the end is recorded, or kept to be recorded soon. The first call counts.</summary>
    public async Task EndAsync(Outcome outcome, UsageTally tally, long chunks)
    {
        if (_ended) return;
        _ended = true;
        parts.Meters.Request(key.Caller.Pool, WordConverter<Outcome>.Word(outcome));
        // What was made for nobody, because another server took over or none did, is asked for by nobody.
        if (Unheard is { } server && (outcome == Outcome.Aborted || tally.Input is not null || Math.Max(chunks, Chunks) > 0) && await AskAsync(server) is { } last)
            (tally, chunks, Chunks) = (last, 0, 0);
        // What a server says at the end is exact. What it says on the way may be behind what it has sent: Anthropic's first event tells the usage before anything is made.
        var output = outcome == Outcome.Completed && tally.Output is { } told ? told : Math.Max(tally.Output ?? 0, Math.Max(chunks, Chunks));
        if (tally.Input is null && output == 0 && outcome != Outcome.Completed)
        {
            await ReleaseAsync();
            return;
        }
        var input = tally.Input ?? estimate;
        if (tally.Input is > 0 and { } exact)
        {
            parts.Meters.Estimated(key.Caller.Pool, (double)estimate / exact);
            parts.Estimates.Learn(pool.Model, request.PromptBytes, exact - request.PromptTokens);
        }
        await _reports.FinishAsync(TimeSpan.FromMilliseconds(parts.Options.ReportMs));
        await parts.Reporter.ReportAsync(key, new(Source, id.ToString(), id, new(
            key.Caller.Pool, input, output, outcome, tally.Cached, tally.Reasoning, _startedAt, _firstTokenAt, parts.Clock.GetUtcNow())));
    }

    /// <returns>Null when the server cannot be asked or does not know.</returns>
    private async Task<UsageTally?> AskAsync(Replica server)
    {
        if (!parts.Inquiry.IsPossible) return null;
        var clock = parts.Clock;
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(parts.Options.AbortMs), clock);
        return (await parts.Inquiry.AskAsync([server], id, patience.Token, CancellationToken.None)).Usage;
    }

    /// <summary>Tells Admission that the prompt has been read, unless the end of the request says so already.</summary>
    private async Task TellFirstTokenAsync()
    {
        if (_ended) return;
        var answer = await parts.Ledger.FirstTokenAsync(key, id, CancellationToken.None);
        if (answer is Refused<ReservationView> { Status: not StatusCodes.Status409Conflict } refused) parts.Log.LogWarning("The first token of {Request} was not taken in: {Reason}", id, refused.Reason);
    }

    /// <summary>A release that fails is no loss: the lease runs out.</summary>
    private async Task ReleaseAsync()
    {
        var clock = parts.Clock;
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(parts.Options.ReportMs), clock);
        try
        {
            if (await parts.Ledger.ReleaseAsync(key, id, patience.Token) is Refused<ReservationView> refused) parts.Log.LogWarning("{Request} was not released: {Reason}", id, refused.Reason);
        }
        catch (OperationCanceledException)
        {
            parts.Log.LogWarning("{Request} was not released in time; its lease will run out", id);
        }
    }
}
