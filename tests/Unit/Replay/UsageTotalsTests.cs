using TokenLedger.Contracts;
using TokenLedger.Core.Replay;

namespace TokenLedger.Tests.Unit.Replay;

public sealed class UsageTotalsTests
{
    [Fact]
    public void Adds_up_by_tenant_pool_entitlement_and_model_in_the_order_of_the_API()
    {
        var totals = new UsageTotals(pool: null, tenant: null);
        foreach (var e in (TokensConsumed[])[Used("b", 1), Used("a", 2), Used(null, 4), Used("b", 8)]) totals.Take(e);
        Assert.Equal([(null, 1, 4), ("a", 1, 2), ("b", 2, 9)], totals.Rows.Select(row => (row.Tenant?.Value, (int)row.Requests, (int)row.InputTokens)));
        Assert.Equal((20, 9, 20), (totals.Rows[2].OutputTokens, totals.Rows[2].CachedInputTokens, totals.Rows[2].ReasoningTokens));
    }

    [Theory]
    [InlineData("a", null, 1)]
    [InlineData(null, "p", 2)]
    [InlineData(null, "other", 0)]
    public void Counts_only_what_was_asked_for(string? tenant, string? pool, int rows)
    {
        var totals = new UsageTotals(pool is null ? null : new PoolId(pool), tenant is null ? null : new TenantId(tenant));
        totals.Take(Used("a", 1));
        totals.Take(Used("b", 1));
        Assert.Equal(rows, totals.Rows.Count);
    }

    private static TokensConsumed Used(string? tenant, long input) => new(
        "s", "e", new(Guid.Empty), new("p"), new("e"), tenant is null ? null : new TenantId(tenant), "m", ServiceClass.Spot, Admitted: true, input, input, 10, 10, Outcome.Completed, null, null, default);
}
