using Microsoft.AspNetCore.Http.HttpResults;
using TokenLedger.Admission.Pools;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Pools;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Admission.Endpoints;

/// <summary>Granting, amending and revoking entitlements, and their keys.</summary>
internal static class EntitlementEndpoints
{
    public static void MapEntitlements(this IEndpointRouteBuilder routes)
    {
        var one = routes.MapGroup("/v1/pools/{pool}/entitlements/{entitlement}").WithTags("Entitlements").RequireAuthorization(Policies.Operator);
        one.MapPut("/", PutAsync);
        one.MapDelete("/", DeleteAsync);
        one.MapPost("/keys", PostKeyAsync);
        one.MapDelete("/keys/{keyId}", DeleteKeyAsync);
    }

    private static async Task<Results<Created<EntitlementView>, Ok<EntitlementView>, ProblemHttpResult>> PutAsync(
        PoolId pool, EntitlementId entitlement, PutEntitlement body, PoolWriters pools, DirectoryFollower directory, CancellationToken ct)
    {
        var fields = new Fields();
        var terms = PoolValidation.Terms(body, fields);
        if (fields.Problem is { } invalid) return invalid;
        var reply = await pools.SendAsync(pool, new GrantEntitlement(entitlement, terms), ct);
        if (reply is null) return Refusals.NoPool(pool);
        if (reply.Answer is Rejected rejected) return Refusals.Of(rejected);
        await directory.RefreshAsync(ct); // Keys of a former grant of this name are dead here when the caller is told of the new one.
        var view = (await pools.SendAsync(pool, null, ct))!.View!.Entitlements.First(e => e.Entitlement == entitlement);
        return reply.Answer is Done { Created: true } ? TypedResults.Created($"/v1/pools/{pool}/entitlements/{entitlement}", view) : TypedResults.Ok(view);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(PoolId pool, EntitlementId entitlement, PoolWriters pools, CancellationToken ct) =>
        Finish(pool, await pools.SendAsync(pool, new RevokeEntitlement(entitlement), ct));

    private static async Task<Results<Created<NewKey>, ProblemHttpResult>> PostKeyAsync(PoolId pool, EntitlementId entitlement, PoolWriters pools, CancellationToken ct)
    {
        var key = ApiKeys.MintInference();
        var reply = await pools.SendAsync(pool, new IssueKey(entitlement, key.KeyId, ApiKeys.Hash(key.Key)), ct);
        if (reply is null) return Refusals.NoPool(pool);
        return reply.Answer is Rejected rejected
            ? Refusals.Of(rejected)
            : TypedResults.Created($"/v1/pools/{pool}/entitlements/{entitlement}/keys/{key.KeyId}", key);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteKeyAsync(
        PoolId pool, EntitlementId entitlement, KeyId keyId, PoolWriters pools, DirectoryFollower directory, CancellationToken ct)
    {
        var reply = await pools.SendAsync(pool, new RevokeKey(entitlement, keyId), ct);
        await directory.RefreshAsync(ct); // The key is dead here when the caller is told so.
        return Finish(pool, reply);
    }

    private static Results<NoContent, ProblemHttpResult> Finish(PoolId pool, PoolReply? reply) => reply switch
    {
        null => Refusals.NoPool(pool),
        { Answer: Rejected rejected } => Refusals.Of(rejected),
        _ => TypedResults.NoContent(),
    };
}
