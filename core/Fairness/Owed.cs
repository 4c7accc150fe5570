namespace TokenLedger.Core.Fairness;

/// <summary>
/// Service owed to an elastic entitlement: owed ← max(0, owed + min(due, demand) − received) in tokens, with due = λ · tick; A = owed/λ in seconds (docs/domain.md §6, ours).
/// Debt is an average, which forgets; this is a sum, which can be repaid.
/// </summary>
public static class Owed
{
    /// <summary>What is owed beyond so many seconds of the baseline is forgiven.</summary>
    public const int HorizonSeconds = 600;

    /// <summary>τ: a share under scarcity doubles for so many seconds that are owed more than to the mean.</summary>
    public const double TauSeconds = 40;

    /// <summary>A share is doubled or halved so often at the most: what some are owed locks nobody out who is new.</summary>
    public const double MostDoublings = 3;

    /// <summary>Whole tokens due to a baseline of λ tokens/s between two times. Sums over adjoining spans are exact.</summary>
    public static long Due(long baseline, DateTimeOffset from, DateTimeOffset to) => Clamp(Whole(baseline, to) - Whole(baseline, from));

    /// <param name="demand">Tokens asked for in the tick; below <paramref name="received"/> only when nothing waited.</param>
    /// <param name="baseline">λ in tokens/s; 0 is owed nothing.</param>
    /// <returns>What is owed after the tick, and what was struck off beyond the horizon; both in tokens.</returns>
    public static (long Owed, long Forgiven) Next(long owed, long due, long demand, long received, long baseline)
    {
        if (baseline <= 0) return (0, 0);
        var next = Clamp(Int128.Max(0, (Int128)owed + Math.Min(due, demand) - received));
        var kept = Math.Min(next, Clamp((Int128)baseline * HorizonSeconds));
        return (kept, next - kept);
    }

    /// <summary>A, in seconds of the baseline.</summary>
    public static double Seconds(long owed, long baseline) => baseline <= 0 ? 0 : (double)owed / baseline;

    /// <summary>What a share under scarcity is multiplied by: 2^((A − Ā)/τ), within <see cref="MostDoublings"/>.</summary>
    public static double Factor(double seconds, double meanSeconds) => Math.Pow(2, Math.Clamp((seconds - meanSeconds) / TauSeconds, -MostDoublings, MostDoublings));

    private static Int128 Whole(long baseline, DateTimeOffset at) => (Int128)baseline * at.UtcTicks / TimeSpan.TicksPerSecond;

    private static long Clamp(Int128 tokens) => (long)Int128.Min(tokens, long.MaxValue);
}
