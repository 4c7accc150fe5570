using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>
/// (forecast tokens/s · used ÷ reserved + owed ÷ repay horizon) ÷ (tokens/s of a replica · target utilisation), or the sequences that this rate holds by Little's law, whichever needs more.
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
        return new(ScalingSignal.Demand, Math.Max(tokens / c.One.TokensPerSecond, sequences / c.One.Sequences) / c.Target,
            new("levelTokensPerSecond", c.Demand.LevelTokens), new("forecastTokensPerSecond", c.Demand.Tokens), new("usedShare", c.UsedShare), new("owedTokensPerSecond", owed), new("sequences", sequences));
    }
}
