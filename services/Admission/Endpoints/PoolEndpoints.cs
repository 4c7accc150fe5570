using Microsoft.AspNetCore.Http.HttpResults;
using TokenLedger.Admission.Pools;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Pools;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Admission.Endpoints;

/// <summary>Opening, configuring and looking at pools.</summary>
internal static class PoolEndpoints
{
    public static void MapPools(this IEndpointRouteBuilder routes)
    {
        var pools = routes.MapGroup("/v1/pools").WithTags("Pools");
        pools.MapPut("/{pool}", PutAsync).RequireAuthorization(Policies.Operator);
        pools.MapGet("/", ListAsync).RequireAuthorization(Policies.AnyOperator);
        pools.MapGet("/{pool}", GetAsync).RequireAuthorization(Policies.AnyOperator);
    }

    private static async Task<Results<Created<PoolView>, Ok<PoolView>, ProblemHttpResult>> PutAsync(
        PoolId pool, PutPool body, PoolWriters pools, DirectoryFollower directory, CancellationToken ct)
    {
        var fields = new Fields();
        var settings = PoolValidation.Settings(body, fields);
        if (fields.Problem is { } invalid) return invalid;
        var reply = await pools.ConfigureAsync(pool, settings, ct);
        if (reply.Answer is Rejected rejected) return Refusals.Of(rejected);
        await directory.RefreshAsync(ct);
        var view = (await pools.SendAsync(pool, null, ct))!.View!;
        return reply.Answer is Done { Created: true } ? TypedResults.Created($"/v1/pools/{pool}", view) : TypedResults.Ok(view);
    }

    private static async Task<PoolList> ListAsync(PoolWriters pools, LedgerDirectory directory, CancellationToken ct)
    {
        var replies = await Task.WhenAll(directory.Pools.OrderBy(p => p.Value, StringComparer.Ordinal).Select(pool => pools.SendAsync(pool, null, ct)));
        return new([.. replies.Select(reply => reply?.View).OfType<PoolView>()]);
    }

    private static async Task<Results<Ok<PoolView>, ProblemHttpResult>> GetAsync(PoolId pool, PoolWriters pools, CancellationToken ct) =>
        (await pools.SendAsync(pool, null, ct))?.View is { } view ? TypedResults.Ok(view) : Refusals.NoPool(pool);
}
