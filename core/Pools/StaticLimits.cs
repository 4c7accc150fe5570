using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>Effective limits without a dynamic division: a guaranteed entitlement has its baseline, a class that may burst whatever no floor reserves, a dedicated one both.</summary>
public static class StaticLimits
{
    /// <param name="surplus">Capacity of the pool less its floors.</param>
    public static Capacity For(Entitlement entitlement, Capacity surplus)
    {
        ArgumentNullException.ThrowIfNull(entitlement);
        return (entitlement.IsServed, entitlement.HasFloor, entitlement.Terms.ServiceClass) switch
        {
            (false, _, _) => default,
            (_, true, ServiceClass.Guaranteed) => entitlement.Terms.Baseline,
            (_, true, _) => entitlement.Terms.Baseline + surplus,
            (_, _, ServiceClass.Guaranteed) => Capacity.Min(entitlement.Terms.Baseline, surplus),
            _ => surplus,
        };
    }
}
