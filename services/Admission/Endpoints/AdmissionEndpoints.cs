using Microsoft.AspNetCore.Http.HttpResults;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Admission.Endpoints;

/// <summary>What a gateway asks before, during and after a request.</summary>
internal static class AdmissionEndpoints
{
    public static void MapAdmissions(this IEndpointRouteBuilder routes)
    {
        // Any key that a gateway may hold is let in, so that one without an entitlement is told what it lacks.
        routes.MapPost("/v1/admissions", AdmitAsync).WithTags("Admissions").RequireAuthorization(Policies.Gateway);
        var one = routes.MapGroup("/v1/admissions/{requestId}").WithTags("Admissions").RequireAuthorization(Policies.Inference);
        one.MapPost("/first-token", (RequestId requestId, HttpContext http, AdmissionPort port, CancellationToken ct) => port.FirstTokenAsync(http.GetInferenceCaller(), requestId, ct));
        one.MapPost("/renew", (RequestId requestId, HttpContext http, AdmissionPort port, CancellationToken ct) => port.RenewAsync(http.GetInferenceCaller(), requestId, ct));
        one.MapDelete("/", (RequestId requestId, HttpContext http, AdmissionPort port, CancellationToken ct) => port.ReleaseAsync(http.GetInferenceCaller(), requestId, ct));
    }

    private static async Task<Results<Created<AdmissionView>, Ok<AdmissionView>, ProblemHttpResult>> AdmitAsync(PostAdmission body, HttpContext http, AdmissionPort port, CancellationToken ct) =>
        http.GetCaller() is InferenceCaller caller
            ? await port.AdmitAsync(caller, body, http.Response.Headers, ct)
            : Refusals.NoEntitlement();
}
