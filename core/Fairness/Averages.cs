namespace TokenLedger.Core.Fairness;

/// <summary>
/// Debt d ← γ·d + (1 − γ)·g with the gap g = (min(λ, demand) − received)/λ: domain.md §3, equation 2 (arXiv 2603.00356;
/// the cap by demand is ours, so that an idle tenant earns no debt). Kept for elastic entitlements only.
/// </summary>
public static class Debt
{
    public const double Decay = 0.7;

    /// <param name="baseline">λ in tokens/s; 0 means no debt.</param>
    /// <param name="demand">Tokens/s asked for over the tick.</param>
    /// <param name="received">Tokens/s got over the tick.</param>
    /// <returns>The gap: 1 when everything due was denied, negative when more was received than was due.</returns>
    public static double Gap(double baseline, double demand, double received) =>
        baseline <= 0 ? 0 : (Math.Min(baseline, demand) - received) / baseline;

    /// <summary>Debt after a tick.</summary>
    public static double Next(double debt, double gap) => Decay * debt + (1 - Decay) * gap;
}

/// <summary>Burst intensity b ← γ·b + (1 − γ)·δ, δ = Σ over tokens/s, KV bytes and sequences of max(0, used/entitled − 1): domain.md §3, equation 3 (γ = 0.7 is ours).</summary>
public static class Burst
{
    public const double Decay = 0.7;

    /// <summary>How far one dimension is used beyond what it is entitled to, as a share of that.</summary>
    /// <param name="nominal">Stands in for a baseline of 0: pool capacity / number of entitlements.</param>
    public static double Excess(double used, double entitled, double nominal)
    {
        var divisor = entitled > 0 ? entitled : nominal;
        return divisor <= 0 ? 0 : Math.Max(0, used / divisor - 1);
    }

    /// <summary>Burst intensity after a tick.</summary>
    public static double Next(double burst, double excess) => Decay * burst + (1 - Decay) * excess;
}
