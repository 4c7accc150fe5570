using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using TokenLedger.Admission.Pools;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Pools;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Admission.Endpoints;

/// <summary>What a gateway asks before, during and after a request.</summary>
internal static class AdmissionEndpoints
{
    public static void MapAdmissions(this IEndpointRouteBuilder routes)
    {
        // Any key that a gateway may hold is let in, so that one without an entitlement is told what it lacks.
        routes.MapPost("/v1/admissions", AdmitAsync).WithTags("Admissions").RequireAuthorization(Policies.Gateway);
        var one = routes.MapGroup("/v1/admissions/{requestId}").WithTags("Admissions").RequireAuthorization(Policies.Inference);
        one.MapPost("/first-token", (RequestId requestId, HttpContext http, PoolWriters pools, CancellationToken ct) =>
            ChangeAsync(requestId, http, pools, caller => new ReleasePrefill(requestId, caller), ct));
        one.MapPost("/renew", (RequestId requestId, HttpContext http, PoolWriters pools, CancellationToken ct) =>
            ChangeAsync(requestId, http, pools, caller => new Renew(requestId, caller), ct));
        one.MapDelete("/", (RequestId requestId, HttpContext http, PoolWriters pools, CancellationToken ct) =>
            ChangeAsync(requestId, http, pools, caller => new Release(requestId, caller), ct));
    }

    private static async Task<Results<Created<AdmissionView>, Ok<AdmissionView>, ProblemHttpResult>> AdmitAsync(
        PostAdmission body, HttpContext http, PoolWriters pools, AdmissionMeters meters, TimeProvider clock, CancellationToken ct)
    {
        if (http.GetCaller() is not InferenceCaller caller)
            return Problem.Of(StatusCodes.Status403Forbidden, Refusals.Word(DenialReason.EntitlementUnknown), "No entitlement", "An operator key belongs to no entitlement: use an inference key.");
        var fields = new Fields();
        var command = PoolValidation.Admission(body, caller.Entitlement, fields);
        if (fields.Problem is { } invalid) return invalid;

        var (asked, reply) = (clock.GetTimestamp(), default(PoolReply));
        try
        {
            reply = await pools.SendAsync(caller.Pool, command, ct);
        }
        catch (OperationCanceledException) when (command.WaitMs > 0)
        {
            meters.CountAbandoned(caller, clock.GetElapsedTime(asked));
            throw;
        }
        meters.Count(caller, reply);
        switch (reply?.Answer)
        {
            case Admitted admitted:
                RateLimitHeaders.Write(http.Response, admitted.Headroom);
                return TypedResults.Created($"/v1/admissions/{command.Request}", View(admitted.Event, reply.Position));
            case Recorded recorded:
                if (recorded.Headroom is { } headroom) RateLimitHeaders.Write(http.Response, headroom);
                return TypedResults.Ok(View(recorded.Event, reply.Position));
            case Denied denied:
                RateLimitHeaders.Write(http.Response, denied.Headroom, denied.Event.RetryAfterMs);
                return Refusals.Of(denied.Event);
            case Stopping: return Refusals.Stopping(http.Response);
            case Conflicting conflict: return Problem.Of(StatusCodes.Status409Conflict, "request-id-reused", "This request id is taken", conflict.Detail);
            case Rejected { Kind: Rejection.NotYours } taken: return Problem.Of(StatusCodes.Status409Conflict, "request-id-reused", "This request id is taken", taken.Detail);
            case Rejected { Kind: Rejection.EntitlementUnknown } unknown:
                return Problem.Of(StatusCodes.Status403Forbidden, Refusals.Word(DenialReason.EntitlementUnknown), "No entitlement", unknown.Detail);
            case Rejected rejected: return Refusals.Of(rejected);
            case null: return Refusals.NoPool(caller.Pool);
            default: throw new UnreachableException();
        }
    }

    private static async Task<Results<Ok<ReservationView>, ProblemHttpResult>> ChangeAsync(
        RequestId request, HttpContext http, PoolWriters pools, Func<EntitlementId, PoolCommand> command, CancellationToken ct)
    {
        var caller = http.GetInferenceCaller();
        var reply = await pools.SendAsync(caller.Pool, command(caller.Entitlement), ct);
        return reply?.Answer switch
        {
            Reserved r => TypedResults.Ok(new ReservationView(request, caller.Pool, r.Entitlement, r.Outstanding, r.ExpiresAt, reply.Position)),
            Ended { Entitlement: var owner } when owner != caller.Entitlement =>
                Problem.Of(StatusCodes.Status403Forbidden, "foreign-request", "Not yours", "This request belongs to another entitlement."),
            Ended => Problem.Of(StatusCodes.Status409Conflict, "reservation-ended", "The reservation has ended", "It was settled, released, expired or evicted; the ledger says which."),
            NotOpen => Problem.NotFound("reservation-unknown", $"No request '{request}' was admitted in pool '{caller.Pool}'."),
            Rejected rejected => Refusals.Of(rejected),
            null => Refusals.NoPool(caller.Pool),
            _ => throw new UnreachableException(),
        };
    }

    private static AdmissionView View(RequestAdmitted e, long position) =>
        new(e.Request, e.Pool, e.Entitlement, e.Reserved, e.ExpectedOutputTokens, e.Weight, e.ExpiresAt, position);
}
