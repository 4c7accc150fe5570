using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Core.Replay;

/// <summary>Consumption by tenant, pool, entitlement and model, folded from `tokens-consumed.v1` and `usage-corrected.v1` alone.</summary>
/// <param name="pool">Only this pool; null for all.</param>
/// <param name="tenant">Only this tenant; null for all.</param>
public sealed class UsageTotals(PoolId? pool, TenantId? tenant)
{
    private readonly Dictionary<(TenantId?, PoolId?, EntitlementId?, string?), UsageRow> _rows = [];

    /// <summary>In the order of <c>GET /v1/usage?groupBy=tenant,pool,entitlement,model</c>.</summary>
    public IReadOnlyList<UsageRow> Rows =>
    [
        .. _rows.Values.OrderBy(row => row.Tenant?.Value ?? "", StringComparer.Ordinal).ThenBy(row => row.Pool?.Value ?? "", StringComparer.Ordinal)
            .ThenBy(row => row.Entitlement?.Value ?? "", StringComparer.Ordinal).ThenBy(row => row.Model ?? "", StringComparer.Ordinal),
    ];

    /// <summary>Takes in usage or a correction of it; other events say nothing about totals.</summary>
    public void Take(ILedgerEvent data)
    {
        switch (data)
        {
            case TokensConsumed e:
                Add(new(null, e.Tenant, e.Pool, e.Entitlement, e.Model, 1, e.InputTokens, e.CachedInputTokens, e.OutputTokens, e.ReasoningTokens, 0));
                break;
            case UsageCorrected e:
                Add(new(null, e.Tenant, e.Pool, e.Entitlement, e.Model, e.Requests, e.InputTokens, e.CachedInputTokens, e.OutputTokens, e.ReasoningTokens, 0));
                break;
        }
    }

    private void Add(UsageRow more)
    {
        if ((pool is not null && more.Pool != pool) || (tenant is not null && more.Tenant != tenant)) return;
        var key = (more.Tenant, more.Pool, more.Entitlement, more.Model);
        _rows[key] = !_rows.TryGetValue(key, out var row) ? more : row with
        {
            Requests = row.Requests + more.Requests,
            InputTokens = row.InputTokens + more.InputTokens,
            CachedInputTokens = row.CachedInputTokens + more.CachedInputTokens,
            OutputTokens = row.OutputTokens + more.OutputTokens,
            ReasoningTokens = row.ReasoningTokens + more.ReasoningTokens,
        };
    }
}
