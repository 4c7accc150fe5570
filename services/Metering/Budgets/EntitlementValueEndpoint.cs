using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Metering;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;
using TokenLedger.Ledger;
using TokenLedger.Metering.Views;

namespace TokenLedger.Metering.Budgets;

/// <summary><c>GET /v1/entitlements/{entitlement}/value</c>: what is left of the month.</summary>
internal static class EntitlementValueEndpoint
{
    public static void MapEntitlementValue(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/entitlements/{entitlement}/value", GetAsync).WithTags("Usage").RequireAuthorization(Policies.Finance).Produces<EntitlementValue>();

    private static async Task<IResult> GetAsync(
        EntitlementId entitlement, PoolId? pool, long? atLeast, HttpContext http, LedgerDirectory directory, DirectoryFollower follower, ILedger ledger, ConsumedTokens consumed,
        UsageFreshness freshness, TimeProvider clock, CancellationToken ct)
    {
        if (atLeast < 0) return Problem.Invalid("atLeast", "must not be negative");
        await follower.RefreshAsync(ct);
        var own = http.GetCaller().BoundTenant();
        var found = directory.Pools.Where(one => pool is null || one == pool).Select(one => directory.FindEntitlement(one, entitlement)).OfType<DirectoryEntitlement>()
            .Where(one => own is null || one.Terms.Tenant == own).ToList();
        if (found.Count == 0) return Problem.NotFound("entitlement-unknown", $"There is no entitlement '{entitlement}'.");
        if (found.Count > 1) return Problem.Of(StatusCodes.Status400BadRequest, "pool-missing", "Which pool?", $"Several pools have an entitlement '{entitlement}': name one with ?pool=.");
        if (!await freshness.WaitAsync(atLeast, ct)) return freshness.Stale(http, atLeast!.Value);
        return TypedResults.Ok(await ValueAsync(found[0].Pool, entitlement, ledger, consumed, clock.GetUtcNow(), ct));
    }

    private static async Task<EntitlementValue> ValueAsync(PoolId pool, EntitlementId entitlement, ILedger ledger, ConsumedTokens consumed, DateTimeOffset now, CancellationToken ct)
    {
        var month = BillingMonth.Of(now);
        var position = await ledger.LoadCheckpointAsync(UsageProjection.FollowerName, ct);
        var commitments = (await new LedgerBook(ledger).AtAsync(await ledger.HeadAsync(ct), ct)).Commitments;
        var terms = commitments.TermsOf(pool, entitlement);
        var used = await consumed.OfAsync(pool, entitlement, month, ct);
        var grant = terms?.Budget?.MonthlyTokens ?? commitments.Between(month.Start, now).Where(hour => hour.Hour.Pool == pool && hour.Hour.Entitlement == entitlement).Sum(hour => hour.Committed.Tokens);
        var inForce = terms is not null && !(now < terms.ValidFrom) && !(now >= terms.ValidTo);
        return new(inForce && (terms!.Budget is not { HardStop: true } || used < grant), Math.Max(0, grant - used), used, Math.Max(0, used - grant), grant, pool, position);
    }
}
