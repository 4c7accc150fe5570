using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Core.Replay;

/// <summary>Consumption by tenant, pool, entitlement and model, folded from `tokens-consumed.v1` alone.</summary>
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

    public void Take(TokensConsumed e)
    {
        ArgumentNullException.ThrowIfNull(e);
        if ((pool is not null && e.Pool != pool) || (tenant is not null && e.Tenant != tenant)) return;
        var key = (e.Tenant, e.Pool, e.Entitlement, e.Model);
        var row = _rows.GetValueOrDefault(key) ?? new UsageRow(null, e.Tenant, e.Pool, e.Entitlement, e.Model, 0, 0, 0, 0, 0, 0);
        _rows[key] = row with
        {
            Requests = row.Requests + 1,
            InputTokens = row.InputTokens + e.InputTokens,
            CachedInputTokens = row.CachedInputTokens + e.CachedInputTokens,
            OutputTokens = row.OutputTokens + e.OutputTokens,
            ReasoningTokens = row.ReasoningTokens + e.ReasoningTokens,
        };
    }
}
