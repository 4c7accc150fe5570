using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Replay;

/// <summary>Other terms for one entitlement; what is null stays as recorded.</summary>
public sealed record EntitlementChange(ServiceClass? ServiceClass, Capacity? Baseline)
{
    /// <summary>A class that has surplus only gets no baseline from its former class.</summary>
    public EntitlementTerms Apply(EntitlementTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var serviceClass = ServiceClass ?? terms.ServiceClass;
        var kept = serviceClass is Contracts.ServiceClass.Spot or Contracts.ServiceClass.Preemptible ? default : terms.Baseline;
        return terms with { ServiceClass = serviceClass, Baseline = Baseline ?? kept };
    }
}

/// <summary>The settings under which recorded demand is decided again; what is null stays as recorded.</summary>
/// <param name="Replicas">Replicas that run all the time, whatever the fleet reported.</param>
public sealed record WhatIfChanges(
    int? Replicas, int? BurstSeconds, IReadOnlyDictionary<EntitlementId, EntitlementChange> Entitlements,
    AdmissionPolicy? Policy = null, bool? Shadow = null, double? Lending = null)
{
    public static WhatIfChanges None { get; } = new(null, null, new Dictionary<EntitlementId, EntitlementChange>());

    public bool Any => Replicas is not null || BurstSeconds is not null || Policy is not null || Shadow is not null || Lending is not null || Entitlements.Count > 0;

    /// <summary>The commands that bring a pool under these settings; none for one that is not open yet, for its opening comes under them.</summary>
    internal IEnumerable<PoolCommand> Commands(PoolState pool)
    {
        if (pool.Settings is null) yield break;
        if (Apply(pool.Settings) is var settings && settings != pool.Settings) yield return new ConfigurePool(settings);
        if (Replicas is { } replicas && replicas != pool.Replicas) yield return new ApplyCapacity(replicas, pool.CapacityPosition + 1);
        foreach (var (id, change) in Entitlements)
            if (pool.Entitlements.TryGetValue(id, out var entitlement)) yield return new GrantEntitlement(id, change.Apply(entitlement.Terms));
    }

    /// <summary>A recorded command as it would have been given under these settings; null for one that they replace.</summary>
    internal PoolCommand? Apply(PoolCommand recorded) => recorded switch
    {
        ConfigurePool c => new ConfigurePool(Apply(c.Settings)),
        GrantEntitlement c when Entitlements.TryGetValue(c.Entitlement, out var change) => c with { Terms = change.Apply(c.Terms) },
        ApplyCapacity when Replicas is not null => null,
        // Limits were recorded for other settings; under these the tick is made again.
        ApplyLimits when Any => null,
        _ => recorded,
    };

    private PoolSettings Apply(PoolSettings settings)
    {
        var scaling = settings.Scaling with { MaxReplicas = Math.Max(settings.Scaling.MaxReplicas, Replicas ?? 0) };
        return settings with
        {
            Replicas = Replicas ?? settings.Replicas,
            BurstSeconds = BurstSeconds ?? settings.BurstSeconds,
            Scaling = scaling,
            Policy = Policy ?? settings.Policy,
            Shadow = Shadow ?? settings.Shadow,
            Lending = Lending ?? settings.Lending,
        };
    }
}
