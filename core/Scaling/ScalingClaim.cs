using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>What a signal asks for, in replicas and parts of them.</summary>
internal sealed record ScalingClaim(ScalingSignal Signal, double Need, params SignalInput[] Inputs)
{
    /// <summary>More than any fleet has.</summary>
    private const double Most = 1_000_000;

    /// <summary>Rounding of sums must not start a replica.</summary>
    private const double Dust = 1e-9;

    public SignalAnswer Answer => new(Signal, Whole(Need), [.. Inputs.Append(new("need", Need)).Select(input => input with { Value = Math.Round(Math.Min(input.Value, 1e18), 6) })]);

    public static int Whole(double need) => (int)Math.Ceiling(Math.Clamp(need, 0, Most) - Dust);
}
