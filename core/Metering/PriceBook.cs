using TokenLedger.Contracts;

namespace TokenLedger.Core.Metering;

/// <summary>A model's price list that was set at a ledger position.</summary>
public sealed record PriceList(PriceSet Set, long Position)
{
    /// <summary>The rate of a kind: that of the class, else that of all classes; without either, cached input costs what input does and reasoning what output does. Null where nothing is set.</summary>
    public long? RateOf(PriceKind kind, ServiceClass? serviceClass) => Find(kind, serviceClass) ?? kind switch
    {
        PriceKind.CachedInput => Find(PriceKind.Input, serviceClass),
        PriceKind.Reasoning => Find(PriceKind.Output, serviceClass),
        _ => null,
    };

    private long? Find(PriceKind kind, ServiceClass? serviceClass)
    {
        long? ofAll = null;
        foreach (var rate in Set.Rates)
        {
            if (rate.Kind != kind) continue;
            if (rate.ServiceClass is null) ofAll = rate.MicrosPerMillion;
            else if (rate.ServiceClass == serviceClass) return rate.MicrosPerMillion;
        }
        return ofAll;
    }
}

/// <summary>
/// Prices by model, as the ledger says. An event is priced by what stands before it in the ledger, with the list that is effective when it completed: the one with the latest start, of these the last set.
/// </summary>
public sealed class PriceBook
{
    private readonly Dictionary<string, List<PriceList>> _models = new(StringComparer.Ordinal);

    public IEnumerable<PriceList> All => _models.Values.SelectMany(lists => lists).OrderBy(list => list.Position);

    public void Set(PriceSet e, long position)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (!_models.TryGetValue(e.Model, out var lists)) _models[e.Model] = lists = [];
        lists.Add(new(e, position));
    }

    /// <summary>The list that prices what completed at <paramref name="at"/> and stands at <paramref name="position"/>; null when none does.</summary>
    public PriceList? Of(string? model, DateTimeOffset at, long position)
    {
        if (model is null || !_models.TryGetValue(model, out var lists)) return null;
        PriceList? best = null;
        foreach (var list in lists)
            if (list.Position < position && list.Set.EffectiveFrom <= at && (best is null || list.Set.EffectiveFrom >= best.Set.EffectiveFrom)) best = list;
        return best;
    }
}
