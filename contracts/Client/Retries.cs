namespace TokenLedger.Client;

/// <summary>When a call is sent again: within bounds, not before the service said, and spread so that clients do not come back in step.</summary>
internal sealed class Retries(TokenLedgerClientOptions options, TimeProvider clock)
{
    private const int RequestTimeout = 408;
    private const int TooManyRequests = 429;

    /// <returns>How long to wait before the next attempt; null when the answer stands.</returns>
    public TimeSpan? DelayAfter<T>(Answer<T> answer, int attempt) where T : class
    {
        if (answer is not Refused<T> refused || attempt >= options.MaxAttempts || !MayPass(refused)) return null;
        return refused.RetryAfter is { } told ? told <= options.MaxDelay ? told : null : Delay(attempt);
    }

    /// <summary>Doubles with every attempt, up to its bound; between half of that and all of it.</summary>
    public TimeSpan Delay(int attempt)
    {
        var most = Math.Min(options.MaxDelay.Ticks, options.FirstDelay.Ticks << Math.Min(20, attempt - 1));
        var spread = (double)(clock.GetTimestamp() & 1023) / 1023;
        return TimeSpan.FromTicks((long)(most * (0.5 + spread / 2)));
    }

    private bool MayPass<T>(Refused<T> refused) where T : class =>
        refused is { Rule: not null, Status: >= 429 } ? options.RetryRefusals : refused.Status is RequestTimeout or TooManyRequests or 502 or 503 or 504;
}
