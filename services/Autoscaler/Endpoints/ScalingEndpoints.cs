using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using TokenLedger.Autoscaler.Acting;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Scaling;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;
using TokenLedger.Ledger;

namespace TokenLedger.Autoscaler.Endpoints;

/// <summary>How many replicas should run, and why, as it is and as it was; and the one number for KEDA.</summary>
internal static class ScalingEndpoints
{
    private static readonly string[] s_types = [EventCatalogue.WireName<CapacityChanged>(), EventCatalogue.WireName<ScalingDecided>()];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var scaling = routes.MapGroup("/v1/pools/{pool}/scaling").WithTags("Scaling").RequireAuthorization(Policies.AnyOperator);
        scaling.MapGet("/", GetAsync);
        scaling.MapGet("/metric", MetricAsync);
        scaling.MapGet("/history", HistoryAsync);
    }

    private static async Task<Results<Ok<ScalingView>, ProblemHttpResult>> GetAsync(PoolId pool, FleetPools pools, ScalingLoop loop, LedgerDirectory directory, DirectoryFollower follower, CancellationToken ct) =>
        await ProblemOfAsync(pool, directory, follower, ct) is { } problem ? problem
            : pools.With(pool, ScalingViews.Of) is { } view ? TypedResults.Ok(view with { Fleet = loop.ViewOf(pool) })
            : Undecided(pool);

    private static async Task<Results<Ok<ScalingMetric>, ProblemHttpResult>> MetricAsync(PoolId pool, FleetPools pools, LedgerDirectory directory, DirectoryFollower follower, CancellationToken ct) =>
        await ProblemOfAsync(pool, directory, follower, ct) is { } problem ? problem
            : pools.LastOf(pool) is { } last ? TypedResults.Ok(new ScalingMetric(last.DesiredReplicas))
            : Undecided(pool);

    private static async Task<Results<Ok<ScalingHistory>, ProblemHttpResult>> HistoryAsync(
        PoolId pool, DateTimeOffset? from, DateTimeOffset? to, long? after, LedgerDirectory directory, DirectoryFollower follower, ILedger ledger, IOptions<AutoscalerOptions> options, CancellationToken ct)
    {
        if (from >= to) return Problem.Invalid("to", "must be after from");
        if (after < 0) return Problem.Invalid("after", "must be 0 or more");
        if (await ProblemOfAsync(pool, directory, follower, ct) is { } problem) return problem;
        var (most, steps, read) = (options.Value.MaxHistory, new List<ScalingStep>(), after ?? 0);
        LedgerPage page;
        do
        {
            page = await ledger.ReadAllAsync(read, most, s_types, Streams.Fleet(pool), ct);
            foreach (var recorded in page.Events.Where(recorded => !(recorded.Timestamp < from) && !(recorded.Timestamp >= to)))
            {
                if (steps.Count == most) return TypedResults.Ok(new ScalingHistory(pool, steps, steps[^1].Position));
                steps.Add(ScalingViews.StepOf(recorded)!);
            }
            read = page.Through;
        } while (page.Events.Count == most);
        return TypedResults.Ok(new ScalingHistory(pool, steps));
    }

    /// <summary>Pools are known by the directory, which is sooner than the first of their decisions.</summary>
    private static async Task<ProblemHttpResult?> ProblemOfAsync(PoolId pool, LedgerDirectory directory, DirectoryFollower follower, CancellationToken ct)
    {
        if (directory.FindPool(pool) is null) await follower.RefreshAsync(ct);
        return directory.FindPool(pool) is null ? Problem.NotFound("pool-unknown", $"There is no pool '{pool}'.") : null;
    }

    /// <summary>Not zero: whoever scales by it would stop what runs.</summary>
    private static ProblemHttpResult Undecided(PoolId pool) => Problem.Of(
        StatusCodes.Status503ServiceUnavailable, "scaling-undecided", "Nothing is decided yet", $"How many replicas pool '{pool}' should have has not been decided yet.", ("retryAfterMs", 1000));
}
