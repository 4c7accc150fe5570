using System.Diagnostics;
using TokenLedger.Contracts;

namespace TokenLedger.Core.Fairness;

/// <summary>
/// Priority weight w = w_κ · (1 + α_slo·ℓ*/ℓ̄*)⁻¹ · (1 + α_burst·b)⁻¹ · max(f_min, 1 + α_debt·d): domain.md §3, equation 1
/// (arXiv 2603.00356; the lower clamp f_min is ours, since the published form turns negative below d = −0.25).
/// </summary>
public static class PriorityWeight
{
    public const double SloSensitivity = 2;
    public const double BurstSensitivity = 1;
    public const double DebtSensitivity = 4;
    public const double SmallestDebtFactor = 0.1;

    /// <summary>w_κ, the weight a class starts from.</summary>
    public static double OfClass(ServiceClass serviceClass) => serviceClass switch
    {
        ServiceClass.Dedicated or ServiceClass.Guaranteed => 1000,
        ServiceClass.Elastic => 100,
        ServiceClass.Spot => 1,
        ServiceClass.Preemptible => 0.1,
        _ => throw new UnreachableException(),
    };

    /// <param name="sloTargetMs">ℓ*, latency target in ms.</param>
    /// <param name="meanSloTargetMs">ℓ̄*, mean target of the pool's served entitlements in ms, above 0.</param>
    /// <param name="burst">b, burst intensity, ≥ 0.</param>
    /// <param name="debt">d, debt; positive means underserved.</param>
    /// <returns>The weight, above 0, without unit.</returns>
    public static double Of(ServiceClass serviceClass, double sloTargetMs, double meanSloTargetMs, double burst, double debt) =>
        OfClass(serviceClass)
        / (1 + SloSensitivity * sloTargetMs / meanSloTargetMs)
        / (1 + BurstSensitivity * burst)
        * Math.Max(SmallestDebtFactor, 1 + DebtSensitivity * debt);
}
