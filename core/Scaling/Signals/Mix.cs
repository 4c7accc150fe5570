using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>Prefill and decode apart: input tokens/s ÷ (a prefill replica · target) and output tokens/s ÷ (a decode replica · target); together, or as many times the ratio as the shorter side needs.</summary>
internal static class Mix
{
    private const int LookSeconds = 60;

    public static ScalingClaim? Of(ScalingCase c)
    {
        if (c.Settings.Scaling.Sides is not { } sides || c.LedgerMissing) return null;
        var (prefill, decode) = Needs(c, sides);
        var need = sides.FollowMix ? Math.Ceiling(prefill) + Math.Ceiling(decode) : Math.Max(prefill / sides.Prefill, decode / sides.Decode) * (sides.Prefill + sides.Decode);
        return new(ScalingSignal.Mix, need, new("prefillNeed", prefill), new("decodeNeed", decode));
    }

    /// <summary>Divides the desired replicas. Of what runs, only as much changes side as the other is short of.</summary>
    public static DesiredSides? Divide(ScalingCase c, int desired)
    {
        if (c.Settings.Scaling.Sides is not { } sides) return null;
        if (desired == 0) return new(0, 0);
        var byRatio = Math.Clamp((int)Math.Round((double)desired * sides.Prefill / (sides.Prefill + sides.Decode)), 1, Math.Max(1, desired - 1));
        if (!sides.FollowMix) return new(byRatio, desired - byRatio);
        var (prefillNeed, decodeNeed) = Needs(c, sides);
        var (prefillLeast, decodeLeast) = (Math.Max(1, ScalingClaim.Whole(prefillNeed)), Math.Max(1, ScalingClaim.Whole(decodeNeed)));
        var (prefill, decode) = c.State.Last?.Decided.Sides is { Prefill: > 0, Decode: > 0 } now ? (now.Prefill, now.Decode) : (byRatio, desired - byRatio);
        for (; prefill + decode < desired;)
            if (prefill - prefillNeed < decode - decodeNeed) prefill++;
            else decode++;
        for (; prefill + decode > desired;)
            if (prefill > 1 && (prefill - prefillLeast >= decode - decodeLeast || decode <= 1)) prefill--;
            else decode--;
        for (; prefill < prefillLeast && decode > decodeLeast; decode--) prefill++;
        for (; decode < decodeLeast && prefill > prefillLeast; prefill--) decode++;
        return new(prefill, decode);
    }

    /// <summary>Replicas of each side, and parts of them.</summary>
    private static (double Prefill, double Decode) Needs(ScalingCase c, SideRules sides)
    {
        var lately = c.State.Requests.Bins.Between(c.Now, LookSeconds, 0);
        if (lately.Tokens == 0) return (0, 0);
        var tokens = c.Demand.Tokens + (double)c.State.OwedTokens / Math.Max(1, c.Rules.RepaySeconds);
        var input = (double)lately.InputTokens / lately.Tokens;
        // What requests leave of their reservation they leave of the output.
        var output = Math.Max(0, c.UsedShare - input);
        return (tokens * input / (sides.PrefillTokensPerSecond * c.Target), tokens * output / (sides.DecodeTokensPerSecond * c.Target));
    }
}
