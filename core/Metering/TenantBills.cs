using TokenLedger.Contracts;

namespace TokenLedger.Core.Metering;

/// <summary>The lines of one tenant for one period, and their sums.</summary>
public sealed record TenantBill(TenantId Tenant, IReadOnlyList<StatementLine> Lines, long TotalTokens, long TotalMicros, long FirstPosition);

/// <summary>Statements are the lines of a period, tenant by tenant, in one order.</summary>
public static class TenantBills
{
    /// <param name="previous">The month closed before; what belongs to none yet is billed with the first close.</param>
    public static IReadOnlyList<TenantBill> Of(IEnumerable<KeyValuePair<LineKey, LineSum>> lines, BillingMonth? previous, BillingMonth period) =>
    [
        .. from line in lines
           where line.Key.Period <= period && (previous is null || line.Key.Period > previous) && line.Key.Tenant is not null
           group line by line.Key.Tenant!.Value into tenant
           orderby tenant.Key.Value
           let bill = BillOf(tenant.Key, tenant, period)
           where bill.Lines.Count > 0
           select bill,
    ];

    private static TenantBill BillOf(TenantId tenant, IEnumerable<KeyValuePair<LineKey, LineSum>> lines, BillingMonth period)
    {
        var known = lines.ToList();
        List<StatementLine> listed =
        [
            .. known.GroupBy(line => line.Key with { Period = period })
                .Select(g => LineOf(g.Key, g.Sum(line => line.Value.Tokens), g.Sum(line => line.Value.Micros)))
                .Where(line => line.Tokens != 0 || line.Micros != 0)
                .OrderBy(line => line.OriginalPeriod, StringComparer.Ordinal).ThenBy(line => line.Pool?.Value, StringComparer.Ordinal).ThenBy(line => line.Entitlement?.Value, StringComparer.Ordinal)
                .ThenBy(line => line.Model, StringComparer.Ordinal).ThenBy(line => line.ServiceClass).ThenBy(line => line.Category).ThenBy(line => line.Commitment).ThenBy(line => line.Kind),
        ];
        return new(tenant, listed, listed.Sum(line => line.Tokens), listed.Sum(line => line.Micros), known.Min(line => line.Value.FirstPosition));
    }

    private static StatementLine LineOf(LineKey key, long tokens, long micros) => new(
        key.Pool, key.Entitlement, key.Model, key.ServiceClass, key.Kind, key.Category, key.Commitment, key.Month == key.Period ? null : key.Month.ToString(), tokens, micros);
}
