using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using TokenLedger.Autoscaler.Acting;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;
using TokenLedger.Ledger;

namespace TokenLedger.Autoscaler.Endpoints;

/// <summary><c>PUT /v1/pools/{pool}/capacity</c>: what really runs, of pools whose fleet nobody here observes.</summary>
internal static class CapacityEndpoints
{
    private const int MostReplicas = 100_000;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPut("/v1/pools/{pool}/capacity", PutAsync).WithTags("Scaling").RequireAuthorization(Policies.Autoscaler);

    private static async Task<Results<Ok<CapacityView>, ProblemHttpResult>> PutAsync(
        PoolId pool, PutCapacity body, HttpContext http, CapacityReports reports, LedgerDirectory directory, DirectoryFollower follower, ILedger ledger,
        IOptions<AutoscalerOptions> options, CancellationToken ct)
    {
        var fields = new Fields();
        var replicas = fields.Range(body.Replicas, "replicas", 0, MostReplicas);
        if (fields.Problem is { } invalid) return invalid;
        await follower.RefreshAsync(ct);
        if (directory.FindPool(pool) is not { } settings) return Problem.NotFound("pool-unknown", $"There is no pool '{pool}'.");
        if (replicas > settings.Scaling.MaxReplicas) return Problem.Invalid("replicas", $"must not exceed scaling.maxReplicas of the pool, {settings.Scaling.MaxReplicas}");
        if (ScalingParts.FleetOf(options.Value, pool).Source != CapacitySource.Reports)
            return Problem.Of(StatusCodes.Status409Conflict, "capacity-observed", "What runs is observed here", $"The capacity of pool '{pool}' follows what runs for it; a report would be overtaken at once.");
        var position = await reports.ReportAsync(pool, replicas, settings.Replicas, http.GetCaller().Key.Value, ct);
        return TypedResults.Ok(new CapacityView(pool, replicas, position > 0 ? position : await ledger.HeadAsync(ct)));
    }
}
