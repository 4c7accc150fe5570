using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Admission.Endpoints;

/// <summary>
/// Admission for gateways that ask by a request of their own before they pass the client's on: <c>auth_request</c> of nginx, <c>ext_authz</c> of Envoy.
/// All is in headers; what is granted is a reservation, as from <c>POST /v1/admissions</c>.
/// </summary>
internal static class AuthorizeEndpoints
{
    public const string Path = "/v1/authorize";
    private const string StatusHeader = "x-tokenledger-status";

    public static void MapAuthorize(this IEndpointRouteBuilder routes)
    {
        // Whose key it is is asked inside, so that a refusal for want of one has the status that the gateway can pass on.
        routes.MapGet(Path, AuthorizeAsync).WithTags("Admissions").AllowAnonymous();
        // Envoy asks by the method, and behind the prefix the path, of the request itself.
        routes.Map(Path + "/{**original}", AuthorizeAsync).AllowAnonymous();
    }

    private static async Task<Results<Ok, ProblemHttpResult, ChallengeHttpResult>> AuthorizeAsync([AsParameters] AuthorizeRequest asked, HttpContext http, AdmissionPort port, TimeProvider clock, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store"; // A GET that takes something.
        if (asked.RefusesWith403) http.Response.OnStarting(RefuseWith403, http.Response);
        if (WrittenKeys.In(http.Request.Path.Value + http.Request.QueryString.Value)) return Problem.Of(StatusCodes.Status400BadRequest, "key-in-address", "The address holds a key", WrittenKeys.Advice);
        var (bearers, others) = (http.Request.Headers.Authorization.Count, http.Request.Headers["x-api-key"].Count);
        if (bearers + others > 1) return Problem.Invalid(bearers > 1 ? "authorization" : "x-api-key", "must be the only key: send one, once");
        if (http.Features.Get<Caller>() is not { } caller) return TypedResults.Challenge();
        if (caller is not InferenceCaller inference) return Refusals.NoEntitlement();
        var (id, fields) = (asked.Id(clock), new Fields());
        var admission = asked.Read(id, http.Request.ContentLength, fields);
        if (fields.Problem is { } invalid) return invalid;

        var headers = http.Response.Headers;
        headers["x-request-id"] = id.ToString();
        var result = (await port.AdmitAsync(inference, admission, headers, ct)).Result;
        if (result is ProblemHttpResult refused) return refused;
        var granted = result is Created<AdmissionView> created ? created.Value! : ((Ok<AdmissionView>)result).Value!;
        headers["x-tokenledger-position"] = granted.LedgerPosition.ToString(CultureInfo.InvariantCulture);
        headers["x-tokenledger-pool"] = granted.Pool.Value;
        headers["x-tokenledger-entitlement"] = granted.Entitlement.Value;
        return TypedResults.Ok();
    }

    /// <summary>Whatever it is refused for, an outage of the ledger too: nginx passes no other status on.</summary>
    private static Task RefuseWith403(object state)
    {
        var response = (HttpResponse)state;
        if (response.StatusCode < StatusCodes.Status400BadRequest) return Task.CompletedTask;
        response.Headers[StatusHeader] = response.StatusCode.ToString(CultureInfo.InvariantCulture);
        response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}
