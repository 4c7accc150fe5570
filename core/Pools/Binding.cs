using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>What each entitlement is worth today (domain.md §2): the calendar first, then whether the reserved baselines fit, in the order they were granted.</summary>
public static class Binding
{
    /// <summary>The states that the calendar and a capacity call for, in the order given.</summary>
    public static IEnumerable<(EntitlementId Id, EntitlementState State)> States(
        IEnumerable<(EntitlementId Id, EntitlementTerms Terms, EntitlementState State)> entitlements, Capacity capacity, DateTimeOffset now)
    {
        var committed = default(Capacity);
        foreach (var (id, terms, state) in entitlements)
        {
            var next = state == EntitlementState.Revoked ? state : ByCalendar(terms, now);
            if (next == EntitlementState.Bound && Entitlement.IsReserved(terms.ServiceClass))
            {
                if ((committed + terms.Baseline).FitsIn(capacity)) committed += terms.Baseline;
                else next = EntitlementState.Degraded;
            }
            yield return (id, next);
        }
    }

    /// <summary>Sum of the reserved baselines that are neither expired nor revoked.</summary>
    public static Capacity Reserved(IEnumerable<Entitlement> entitlements) =>
        entitlements.Where(e => Entitlement.IsReserved(e.Terms.ServiceClass) && e.State is not (EntitlementState.Expired or EntitlementState.Revoked))
            .Aggregate(default(Capacity), (sum, e) => sum + e.Terms.Baseline);

    /// <summary>When the calendar next changes a state.</summary>
    public static DateTimeOffset? NextChange(IEnumerable<Entitlement> entitlements, DateTimeOffset now)
    {
        DateTimeOffset? next = null;
        foreach (var e in entitlements.Where(e => e.State != EntitlementState.Revoked))
            foreach (var at in (ReadOnlySpan<DateTimeOffset?>)[e.Terms.ValidFrom, e.Terms.ValidTo])
                if (at > now && !(at > next)) next = at;
        return next;
    }

    private static EntitlementState ByCalendar(EntitlementTerms terms, DateTimeOffset now) =>
        now < terms.ValidFrom ? EntitlementState.Pending : now >= terms.ValidTo ? EntitlementState.Expired : EntitlementState.Bound;
}
