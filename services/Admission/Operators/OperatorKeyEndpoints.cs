using Microsoft.AspNetCore.Http.HttpResults;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;
using TokenLedger.Ledger;

namespace TokenLedger.Admission.Operators;

/// <summary>Operator keys with roles: for finance, auditors, gateways, the autoscaler and other operators.</summary>
internal static class OperatorKeyEndpoints
{
    public static void MapOperatorKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/v1/keys").WithTags("Operator keys").RequireAuthorization(Policies.Operator);
        keys.MapPost("/", PostAsync);
        keys.MapGet("/", (LedgerDirectory directory) => new OperatorKeyList(
            [.. directory.Operators.OrderBy(o => o.Name, StringComparer.Ordinal).Select(o => new OperatorKeyView(o.Key, o.Name, o.Roles, o.Tenant))]));
        keys.MapDelete("/{keyId}", DeleteAsync);
    }

    private static async Task<Results<Created<NewKey>, ProblemHttpResult>> PostAsync(
        PostOperatorKey body, StreamWriter<OperatorKeyCommand, bool> writer, DirectoryFollower directory, CancellationToken ct)
    {
        var fields = new Fields();
        var name = fields.Text(body.Name, "name", 100);
        fields.Require(body.Roles is { Count: > 0 }, "roles", "must name at least one role");
        fields.Require(body.Tenant is null || body.Roles is null or [] or [Role.Finance], "tenant", "can only bind a key whose one role is finance");
        if (fields.Problem is { } invalid) return invalid;
        var key = ApiKeys.MintOperator();
        await writer.SendAsync(new IssueOperatorKey(new(key.KeyId, name, [.. body.Roles!.Distinct()], body.Tenant, ApiKeys.Hash(key.Key))), ct);
        await directory.RefreshAsync(ct);
        return TypedResults.Created($"/v1/keys/{key.KeyId}", key);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        KeyId keyId, StreamWriter<OperatorKeyCommand, bool> writer, DirectoryFollower directory, CancellationToken ct)
    {
        if (!await writer.SendAsync(new RevokeOperatorKey(keyId), ct)) return Problem.NotFound("key-unknown", $"There is no operator key '{keyId}' in the ledger.");
        await directory.RefreshAsync(ct);
        return TypedResults.NoContent();
    }
}
