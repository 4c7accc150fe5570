using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Admission.Endpoints;

/// <summary>What is answered when a rule refuses: 429 over a limit or contended, 503 no capacity at all, 403 not entitled, 422 can never fit.</summary>
internal static class Refusals
{
    public static ProblemHttpResult NoPool(PoolId pool) => Problem.NotFound("pool-unknown", $"There is no pool '{pool}'.");

    public static ProblemHttpResult NoEntitlement() =>
        Problem.Of(StatusCodes.Status403Forbidden, Word(DenialReason.EntitlementUnknown), "No entitlement", "An operator key belongs to no entitlement: use an inference key.");

    /// <summary>The process stops while the request waits.</summary>
    public static ProblemHttpResult Stopping(IHeaderDictionary headers)
    {
        headers.RetryAfter = "1";
        return Problem.Of(StatusCodes.Status503ServiceUnavailable, "stopping", "The service stops", "The request keeps its place: send it again with the same id, and it waits along.", ("retryAfterMs", 1000));
    }

    public static ProblemHttpResult Of(Rejected rejected) => rejected.Kind switch
    {
        Rejection.PoolUnknown => Problem.NotFound("pool-unknown", rejected.Detail),
        Rejection.EntitlementUnknown => Problem.NotFound(Word(DenialReason.EntitlementUnknown), rejected.Detail),
        Rejection.KeyUnknown => Problem.NotFound("key-unknown", rejected.Detail),
        Rejection.NotYours => Problem.Of(StatusCodes.Status403Forbidden, "foreign-request", "Not yours", rejected.Detail),
        Rejection.NeverFits when rejected.Shortage is { } shortage => Problem.Of(
            StatusCodes.Status422UnprocessableEntity, Word(DenialReason.NeverFits), "Can never fit", rejected.Detail,
            ("needed", shortage.Needed), ("reachable", shortage.Reachable), ("replicasNeeded", shortage.ReplicasNeeded), ("maxReplicas", shortage.MaxReplicas)),
        Rejection.NeverFits => Problem.Of(StatusCodes.Status422UnprocessableEntity, Word(DenialReason.NeverFits), "Can never fit", rejected.Detail),
        Rejection.EntitlementNotBound => Problem.Of(StatusCodes.Status403Forbidden, Word(DenialReason.EntitlementNotBound), "The entitlement is not in force", rejected.Detail),
        Rejection.BudgetExhausted => Problem.Of(StatusCodes.Status403Forbidden, Word(DenialReason.BudgetExhausted), "The budget is consumed", rejected.Detail),
        _ => throw new UnreachableException(),
    };

    public static ProblemHttpResult Of(RequestDenied denied)
    {
        var (status, title) = denied.Reason switch
        {
            DenialReason.NeverFits => (StatusCodes.Status422UnprocessableEntity, "Can never fit"),
            DenialReason.EntitlementNotBound => (StatusCodes.Status403Forbidden, "The entitlement is not in force"),
            DenialReason.BudgetExhausted => (StatusCodes.Status403Forbidden, "The budget is consumed"),
            DenialReason.NoCapacity => (StatusCodes.Status503ServiceUnavailable, "The pool has no capacity now"),
            _ => (StatusCodes.Status429TooManyRequests, "No room now"),
        };
        return denied.RetryAfterMs == 0
            ? Problem.Of(status, Word(denied.Reason), title, Explain(denied))
            : Problem.Of(status, Word(denied.Reason), title, Explain(denied), ("retryAfterMs", denied.RetryAfterMs));
    }

    /// <summary>A reason as it stands on the wire.</summary>
    public static string Word(DenialReason reason) => WordConverter<DenialReason>.Word(reason);

    private static string Explain(RequestDenied denied) => denied.Reason switch
    {
        DenialReason.NeverFits => $"The request needs {denied.Tokens} tokens; entitlement '{denied.Entitlement}' could not be given that even with the pool at its largest and empty.",
        DenialReason.NoCapacity => $"Pool '{denied.Pool}' runs no replicas at the moment.",
        DenialReason.ConcurrencyExceeded => $"Entitlement '{denied.Entitlement}' has as many sequences in flight as its effective limit allows.",
        DenialReason.TokensExceeded => $"The request costs {denied.Tokens} tokens, more than the token rate of entitlement '{denied.Entitlement}' leaves now.",
        DenialReason.KvExceeded => $"The KV cache that {denied.Tokens} tokens need exceeds what entitlement '{denied.Entitlement}' has left.",
        DenialReason.PoolExhausted => $"Pool '{denied.Pool}' has no room for {denied.Tokens} tokens now.",
        DenialReason.LowPriority => $"Pool '{denied.Pool}' is contended, and others go first.",
        DenialReason.WaitExpired => $"The request waited as long as it would, and there was no room for {denied.Tokens} tokens.",
        DenialReason.EntitlementNotBound => $"Entitlement '{denied.Entitlement}' ended while the request waited.",
        DenialReason.BudgetExhausted => $"Entitlement '{denied.Entitlement}' consumed its budget of this month while the request waited.",
        _ => throw new UnreachableException(),
    };
}
