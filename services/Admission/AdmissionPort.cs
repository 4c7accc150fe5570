using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using TokenLedger.Admission.Endpoints;
using TokenLedger.Admission.Pools;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Pools;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Admission;

/// <summary>What Admission answers about one request, to its own endpoints and to a gateway in the same process.</summary>
public sealed class AdmissionPort
{
    private readonly PoolWriters _pools;
    private readonly AdmissionMeters _meters;
    private readonly TimeProvider _clock;

    internal AdmissionPort(PoolWriters pools, AdmissionMeters meters, TimeProvider clock) => (_pools, _meters, _clock) = (pools, meters, clock);

    /// <summary>Asks for the capacity that a request needs; the rate-limit headers are written to <paramref name="headers"/>.</summary>
    public async Task<Results<Created<AdmissionView>, Ok<AdmissionView>, ProblemHttpResult>> AdmitAsync(InferenceCaller caller, PostAdmission body, IHeaderDictionary headers, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(body);
        var fields = new Fields();
        var command = PoolValidation.Admission(body, caller.Entitlement, fields);
        if (fields.Problem is { } invalid) return invalid;

        var (asked, reply) = (_clock.GetTimestamp(), default(PoolReply));
        try
        {
            reply = await _pools.SendAsync(caller.Pool, command, ct);
        }
        catch (OperationCanceledException) when (command.WaitMs > 0)
        {
            _meters.CountAbandoned(caller, _clock.GetElapsedTime(asked));
            throw;
        }
        _meters.Count(caller, reply);
        switch (reply?.Answer)
        {
            case Admitted admitted:
                RateLimitHeaders.Write(headers, admitted.Headroom);
                return TypedResults.Created($"/v1/admissions/{command.Request}", View(admitted.Event, reply.Position));
            case Recorded recorded:
                if (recorded.Headroom is { } headroom) RateLimitHeaders.Write(headers, headroom);
                return TypedResults.Ok(View(recorded.Event, reply.Position));
            case Denied denied:
                RateLimitHeaders.Write(headers, denied.Headroom, denied.Event.RetryAfterMs);
                return Refusals.Of(denied.Event);
            case Stopping: return Refusals.Stopping(headers);
            case Conflicting conflict: return Problem.Of(StatusCodes.Status409Conflict, "request-id-reused", "This request id is taken", conflict.Detail);
            case Rejected { Kind: Rejection.NotYours } taken: return Problem.Of(StatusCodes.Status409Conflict, "request-id-reused", "This request id is taken", taken.Detail);
            case Rejected { Kind: Rejection.EntitlementUnknown } unknown:
                return Problem.Of(StatusCodes.Status403Forbidden, Refusals.Word(DenialReason.EntitlementUnknown), "No entitlement", unknown.Detail);
            case Rejected rejected: return Refusals.Of(rejected);
            case null: return Refusals.NoPool(caller.Pool);
            default: throw new UnreachableException();
        }
    }

    /// <summary>The prompt has been read.</summary>
    public Task<Results<Ok<ReservationView>, ProblemHttpResult>> FirstTokenAsync(InferenceCaller caller, RequestId request, CancellationToken ct) =>
        ChangeAsync(caller, request, new ReleasePrefill(request, Owner(caller)), ct);

    /// <summary>The request is still under way.</summary>
    public Task<Results<Ok<ReservationView>, ProblemHttpResult>> RenewAsync(InferenceCaller caller, RequestId request, CancellationToken ct) =>
        ChangeAsync(caller, request, new Renew(request, Owner(caller)), ct);

    /// <summary>The request used nothing.</summary>
    public Task<Results<Ok<ReservationView>, ProblemHttpResult>> ReleaseAsync(InferenceCaller caller, RequestId request, CancellationToken ct) =>
        ChangeAsync(caller, request, new Release(request, Owner(caller)), ct);

    private static EntitlementId Owner(InferenceCaller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return caller.Entitlement;
    }

    private async Task<Results<Ok<ReservationView>, ProblemHttpResult>> ChangeAsync(InferenceCaller caller, RequestId request, PoolCommand command, CancellationToken ct)
    {
        var reply = await _pools.SendAsync(caller.Pool, command, ct);
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
