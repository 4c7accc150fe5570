namespace TokenLedger.Core.Estimation;

/// <summary>
/// The estimator of DriftSched (K. Palaniappan, arXiv 2606.02982): T_out = ⌊base[class] · B[class] · S[tier] · F⌋ with F = min(1.5, 1 + n_in/1000) and, after each answer,
/// B ← 0.9·B + 0.1·clip(actual/base, 0.25, 3), B₀ = 1. B is kept in millionths.
/// </summary>
public sealed class DriftEstimate
{
    public const long One = 1_000_000;

    /// <summary>S without a tier, in tenths.</summary>
    public const int NoTier = 10;

    /// <summary>What a workload that the paper does not know starts from.</summary>
    public const long DefaultBase = 256;

    private static readonly int[] s_tiers = [12, 10, 8];

    public DriftEstimate(string? workload) => Base = BaseOf(workload);

    public long Base { get; }

    /// <summary>B.</summary>
    public long Bias { get; internal set; } = One;

    /// <summary>base: 64, 256, 384 and 512 tokens for the paper's classes.</summary>
    public static long BaseOf(string? workload) => workload switch { "short_qa" => 64, "summary" => 256, "technical" => 384, "report" => 512, _ => DefaultBase };

    /// <summary>S, in tenths: 1.2 for premium (0), 1.0 for standard (1), 0.8 for batch (2).</summary>
    public static int FactorOf(int tier) => s_tiers[tier];

    /// <summary>T_out.</summary>
    public long Of(long inputTokens, int tierFactor = NoTier) => Base * Bias * tierFactor * (1_000 + Math.Min(500, inputTokens)) / (10 * 1_000 * One);

    public void Learn(long outputTokens) => Bias = (9 * Bias + Math.Clamp(outputTokens, Base / 4, 3 * Base) * One / Base) / 10;
}
