using System.Collections.Frozen;
using System.Text.Json;
using TokenLedger.Cli.Api;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Traces;

/// <summary>The answer to a call, or what kept one from coming.</summary>
/// <param name="Status">As in HTTP; 0 when nobody answered.</param>
/// <param name="Latency">Of the attempt that was answered.</param>
internal readonly record struct Answer(int Status, byte[] Body, Problem? Problem, TimeSpan Latency)
{
    private static readonly FrozenSet<string> s_ruleReasons =
        Enum.GetNames<DenialReason>().Select(JsonNamingPolicy.KebabCaseLower.ConvertName).ToFrozenSet();

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The rule that refused; null when no rule did. A rule's refusal is an answer and is never retried.</summary>
    public string? RefusalReason => Problem?.Reason is { } reason && s_ruleReasons.Contains(reason) ? reason : null;

    /// <summary>The server was not there, not ready or overloaded: the same call may succeed in a moment.</summary>
    public bool IsTransient => RefusalReason is null && Status is 0 or 408 or 429 or >= 500;
}

/// <summary>Sends a call until its answer settles the matter. A retry is the same call with the same ids, so a server that had already done it says so.</summary>
internal sealed class RetryingSender(HttpClient http, TimeSpan retryFor, TimeProvider time, Random random, PlayTally tally)
{
    private const int MaxDoublings = 5;
    private static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromSeconds(2);

    /// <param name="create">Makes the request anew for each attempt.</param>
    /// <returns>The first answer that is not transient, or the last one when the time for retries is over.</returns>
    public async Task<Answer> SendAsync(Func<HttpRequestMessage> create, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            var answer = await TryAsync(create, ct);
            if (!answer.IsTransient || time.GetElapsedTime(started) >= retryFor) return answer;
            tally.Retried(answer.Problem);
            await Task.Delay(DelayAfter(attempt), time, ct);
        }
    }

    /// <summary>Doubles from the first delay to the longest; half of it is chance, so that workers cut off together do not come back together.</summary>
    private TimeSpan DelayAfter(int attempt)
    {
        var delay = s_firstDelay * (1 << Math.Min(attempt, MaxDoublings));
        return (delay < s_longestDelay ? delay : s_longestDelay) * (0.5 + random.NextDouble() / 2);
    }

    private async Task<Answer> TryAsync(Func<HttpRequestMessage> create, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        try
        {
            using var request = create();
            using var response = await http.SendAsync(request, ct);
            var body = await response.Content.ReadAsByteArrayAsync(ct);
            var status = (int)response.StatusCode;
            return new(status, body, response.IsSuccessStatusCode ? null : Problem.Read(status, body), time.GetElapsedTime(started));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return Unanswered(e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Unanswered($"no answer within {http.Timeout.TotalSeconds:0} seconds");
        }
    }

    private Answer Unanswered(string why) => new(0, [], new Problem(0, "no answer", $"{http.BaseAddress}: {why}", null, []), default);
}
