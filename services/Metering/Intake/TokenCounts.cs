using TokenLedger.Contracts;

namespace TokenLedger.Metering.Intake;

/// <summary>Tokens by kind: of usage, or what a correction adds to it. Cached input is a part of the input, reasoning of the output.</summary>
internal readonly record struct TokenCounts(long Input, long CachedInput, long Output, long Reasoning)
{
    public static TokenCounts Of(TokensConsumed e) => new(e.InputTokens, e.CachedInputTokens, e.OutputTokens, e.ReasoningTokens);

    public static TokenCounts Of(TokensStreamed e) => new(e.InputTokens, e.CachedInputTokens, e.OutputTokens, e.ReasoningTokens);

    public static TokenCounts Of(UsageCorrected e) => new(e.InputTokens, e.CachedInputTokens, e.OutputTokens, e.ReasoningTokens);

    public static TokenCounts operator +(TokenCounts a, TokenCounts b) => new(a.Input + b.Input, a.CachedInput + b.CachedInput, a.Output + b.Output, a.Reasoning + b.Reasoning);

    public static TokenCounts operator -(TokenCounts a, TokenCounts b) => new(a.Input - b.Input, a.CachedInput - b.CachedInput, a.Output - b.Output, a.Reasoning - b.Reasoning);

    /// <summary>The higher number of each kind: reports may arrive in any order.</summary>
    public static TokenCounts Max(TokenCounts a, TokenCounts b) =>
        new(Math.Max(a.Input, b.Input), Math.Max(a.CachedInput, b.CachedInput), Math.Max(a.Output, b.Output), Math.Max(a.Reasoning, b.Reasoning));

    /// <summary>True when a request can have used so much: nothing is negative, and no part exceeds its whole.</summary>
    public bool IsPossible => CachedInput >= 0 && Reasoning >= 0 && CachedInput <= Input && Reasoning <= Output;

    public override string ToString() => $"{Input} input ({CachedInput} cached) and {Output} output ({Reasoning} reasoning) tokens";
}

/// <summary>What corrections have added to recorded usage so far.</summary>
internal readonly record struct Corrected(int Requests, TokenCounts Tokens)
{
    public Corrected And(UsageCorrected e) => new(Requests + e.Requests, Tokens + TokenCounts.Of(e));
}

/// <summary>How far a stream has come by its interim reports.</summary>
/// <param name="Ended">Its usage is recorded.</param>
internal sealed record StreamedSoFar(TokenCounts Tokens, DateTimeOffset ReportedAt, bool Ended);
