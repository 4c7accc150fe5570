using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Fairness;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;
using TokenLedger.Ledger;

namespace TokenLedger.Fairness;

/// <summary>Debt, burst and weight as they are and as they were.</summary>
internal static class FairnessEndpoints
{
    private const int PageSize = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var fairness = routes.MapGroup("/v1/pools/{pool}/fairness").WithTags("Fairness").RequireAuthorization(Policies.AnyOperator);
        fairness.MapGet("/", GetAsync);
        fairness.MapGet("/history", HistoryAsync);
    }

    private static async Task<Results<Ok<FairnessView>, ProblemHttpResult>> GetAsync(
        PoolId pool, FairnessPools pools, LedgerDirectory directory, DirectoryFollower follower, CancellationToken ct)
    {
        if (!await ExistsAsync(pool, directory, follower, ct)) return NoPool(pool);
        // A pool whose events are still under way has had no tick.
        return TypedResults.Ok(pools.With(pool, state => FairnessViews.Of(state, pools.Position)) ?? new FairnessView(pool, pools.Position, TickAt: null, JainIndex: 1, []));
    }

    private static async Task<Results<Ok<FairnessHistory>, ProblemHttpResult>> HistoryAsync(
        PoolId pool, DateTimeOffset? from, DateTimeOffset? to, LedgerDirectory directory, DirectoryFollower follower,
        ILedger ledger, IOptions<FairnessOptions> options, CancellationToken ct)
    {
        if (from >= to) return Problem.Invalid("to", "must be after from");
        if (!await ExistsAsync(pool, directory, follower, ct)) return NoPool(pool);
        var ticks = new Queue<FairnessView>();
        var version = 0L;
        IReadOnlyList<RecordedEvent> page;
        do
        {
            page = await ledger.ReadStreamAsync(Streams.Fairness(pool), version, PageSize, ct);
            foreach (var recorded in page)
            {
                version = recorded.Version;
                if (recorded.Timestamp < from || recorded.Timestamp >= to || recorded.Data is not LimitsAdjusted adjusted) continue;
                ticks.Enqueue(new(pool, recorded.Position, recorded.Timestamp, FairnessViews.Jain(adjusted.Entitlements), adjusted.Entitlements));
                if (ticks.Count > options.Value.MaxHistory) ticks.Dequeue();
            }
        } while (page.Count == PageSize);
        return TypedResults.Ok(new FairnessHistory(pool, [.. ticks]));
    }

    /// <summary>Pools are known by the directory, which is sooner than the first of their ticks.</summary>
    private static async Task<bool> ExistsAsync(PoolId pool, LedgerDirectory directory, DirectoryFollower follower, CancellationToken ct)
    {
        if (directory.FindPool(pool) is null) await follower.RefreshAsync(ct);
        return directory.FindPool(pool) is not null;
    }

    private static ProblemHttpResult NoPool(PoolId pool) => Problem.NotFound("pool-unknown", $"There is no pool '{pool}'.");
}
