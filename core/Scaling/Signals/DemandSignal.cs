using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>
/// (forecast tokens/s · used ÷ reserved + owed ÷ repay horizon) ÷ (tokens/s of a replica · target utilisation), or the sequences that this rate holds by Little's law, whichever needs more; and on top what floors
/// keep free that nobody uses.
/// </summary>
internal static class DemandSignal
{
    public static ScalingClaim? Of(ScalingCase c)
    {
        if (c.LedgerMissing) return null;
        var owed = (double)c.State.OwedTokens / Math.Max(1, c.Rules.RepaySeconds);
        // Where prefill and decode run apart, their own signal counts the tokens.
        var tokens = c.Settings.Scaling.Sides is null ? c.Demand.Tokens * c.UsedShare + owed : 0;
        var sequences = c.RequestsPerSecond * (c.HoldSeconds ?? 0);
        var (keptTokens, keptSequences) = c.KeptIdle;
        var need = Math.Max((tokens / c.Target + (tokens > 0 ? keptTokens : 0)) / c.One.TokensPerSecond, (sequences / c.Target + (sequences > 0 ? keptSequences : 0)) / c.One.Sequences);
        return new(ScalingSignal.Demand, need,
            new("levelTokensPerSecond", c.Demand.LevelTokens), new("forecastTokensPerSecond", c.Demand.Tokens), new("usedShare", c.UsedShare), new("owedTokensPerSecond", owed), new("sequences", sequences),
            new("keptIdleTokensPerSecond", keptTokens), new("keptIdleSequences", keptSequences));
    }
}
