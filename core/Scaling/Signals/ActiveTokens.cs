using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>Tokens/s that the engines read and make for those who have more than the surplus ÷ (tokens/s of a replica · target utilisation).</summary>
internal static class ActiveTokens
{
    public static ScalingClaim? Of(ScalingCase c) => c.Settings.Scaling.Sides is not null || (c.Seen.PromptTokensPerSecond is null && c.Seen.GenerationTokensPerSecond is null) ? null
        : new(ScalingSignal.ActiveTokens, ((c.Seen.PromptTokensPerSecond ?? 0) + (c.Seen.GenerationTokensPerSecond ?? 0)) * c.PayingShare / (c.One.TokensPerSecond * c.Target),
            new("promptTokensPerSecond", c.Seen.PromptTokensPerSecond ?? 0), new("generationTokensPerSecond", c.Seen.GenerationTokensPerSecond ?? 0), new("payingShare", c.PayingShare));
}
