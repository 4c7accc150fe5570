using TokenLedger.Contracts;

namespace TokenLedger.Cli.Traces;

/// <summary>How a trace is played.</summary>
/// <param name="Speed">Arrivals and durations are divided by it; null plays as fast as the workers can, without any wait.</param>
/// <param name="Workers">Requests open at once at most.</param>
/// <param name="MaxOutputTokens">The output limit that every admission names; null names the row's own output.</param>
/// <param name="UsageBatch">Usage events in one post at most.</param>
/// <param name="PrefillTokensPerSecond">Input tokens per second of the simulated engine, for one request.</param>
/// <param name="DecodeTokensPerSecond">Output tokens per second of the simulated engine, for one request.</param>
internal sealed record PlayOptions(
    PoolId Pool, double? Speed, int Workers, TimeSpan RetryFor, long? MaxOutputTokens, int UsageBatch, double PrefillTokensPerSecond, double DecodeTokensPerSecond)
{
    /// <summary>How long a request is held between its admission and its usage: prefill + decode, at the play's speed.</summary>
    public TimeSpan HoldOf(PlannedRequest request) => Speed is { } speed
        ? TimeSpan.FromSeconds((request.InputTokens / PrefillTokensPerSecond + request.OutputTokens / DecodeTokensPerSecond) / speed)
        : TimeSpan.Zero;
}
