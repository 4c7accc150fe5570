using TokenLedger.Client;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Gateway.Answers;

namespace TokenLedger.Gateway.Ledger;

/// <summary>
/// Tells now and then how far a long stream has come, so that a gateway that dies loses no more than what came since. No byte but the last waits for a report, and there is one
/// at a time: it says all, so one that is lost is made good by the next.
/// </summary>
internal sealed class StreamReports(ILedgerPort port, InferenceKey key, RequestId request, TimeProvider clock, TimeSpan every, ILogger log)
{
    private long _toldAt = clock.GetTimestamp();
    private long _toldOutput;
    private int _told;
    private Task _telling = Task.CompletedTask;

    /// <summary>Something more has come.</summary>
    public void Progress(long input, long output, UsageTally tally)
    {
        if (every == TimeSpan.Zero || !_telling.IsCompleted || output == _toldOutput || clock.GetElapsedTime(_toldAt) < every) return;
        (_toldAt, _toldOutput) = (clock.GetTimestamp(), output);
        _telling = TellAsync(new(Settlement.Source, $"{request}/{++_told}", request, new(key.Caller.Pool, input, output, tally.Cached, tally.Reasoning, clock.GetUtcNow())));
    }

    /// <summary>Lets a report that is under way come first: one that is recorded after the end would open the stream again.</summary>
    public Task FinishAsync(TimeSpan patience) => _telling.IsCompleted ? Task.CompletedTask : Task.WhenAny(_telling, Task.Delay(patience, clock));

    private async Task TellAsync(StreamProgress progress)
    {
        if (await port.ProgressAsync(key, progress, CancellationToken.None) is Refused<UsageResult> refused) log.LogDebug("How far {Request} has come was not taken in: {Reason}", request, refused.Reason);
    }
}
