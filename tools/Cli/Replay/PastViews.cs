using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Fairness;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;

namespace TokenLedger.Cli.Replay;

/// <summary>The views of the API as they were at a position of the ledger, folded from its events.</summary>
/// <param name="now">The time of the view: buckets fill with time, so a view without one would be half a view.</param>
internal sealed class PastViews(IEventSource source, long position, DateTimeOffset now)
{
    /// <summary>As <c>GET /v1/pools/{pool}</c>.</summary>
    public async Task<PoolView> PoolAsync(PoolId pool, TenantId? tenant, CancellationToken ct)
    {
        var state = new PoolState(pool);
        await foreach (var raw in source.EachAsync(new(0, position, Streams.Pool(pool)), ct)) PoolEvolution.Evolve(state, raw.Read().Data, raw.Timestamp);
        if (state.Settings is null) throw CommandFailure.Failed($"There was no pool '{pool}' at position {position}.");
        var view = PoolViews.Of(state, now);
        return tenant is null ? view : view with { Entitlements = [.. view.Entitlements.Where(e => e.Tenant == tenant)] };
    }

    /// <summary>As <c>GET /v1/usage?groupBy=tenant,pool,entitlement,model</c>.</summary>
    public async Task<UsageReport> UsageAsync(PoolId? pool, TenantId? tenant, CancellationToken ct)
    {
        var totals = new UsageTotals(pool, tenant);
        foreach (var type in (string[])[EventCatalogue.WireName<TokensConsumed>(), EventCatalogue.WireName<UsageCorrected>()])
            await foreach (var raw in source.EachAsync(new(0, position, Type: type), ct)) totals.Take(raw.Read().Data);
        return new(position, totals.Rows);
    }

    /// <summary>As <c>GET /v1/pools/{pool}/fairness</c>, after the last tick that was published: one that changed nothing leaves no event.</summary>
    public async Task<FairnessView> FairnessAsync(PoolId pool, TenantId? tenant, CancellationToken ct)
    {
        var state = new FairnessState(pool);
        await foreach (var raw in source.MergeAsync(new(0, position, Streams.Pool(pool)), Streams.Fairness(pool), ct)) state.Evolve(raw.Read());
        if (state.Pool.Settings is null) throw CommandFailure.Failed($"There was no pool '{pool}' at position {position}.");
        var view = FairnessViews.Of(state, position);
        return tenant is null ? view : view with { Entitlements = [.. view.Entitlements.Where(share => state.Pool.Entitlements.TryGetValue(share.Entitlement, out var e) && e.Terms.Tenant == tenant)] };
    }

    /// <summary>The pools that there were, by name.</summary>
    public async Task<IReadOnlyList<PoolId>> PoolsAsync(CancellationToken ct)
    {
        var pools = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var raw in source.EachAsync(new(0, position, Type: EventCatalogue.WireName<PoolOpened>()), ct)) pools.Add(((PoolOpened)raw.Read().Data).Pool.Value);
        return [.. pools.Select(name => new PoolId(name))];
    }
}
