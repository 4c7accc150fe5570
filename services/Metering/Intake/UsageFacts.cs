using System.Diagnostics;
using TokenLedger.Contracts;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Metering.Intake;

/// <summary>Writes down what was decided, with whose usage it is: by the admission where there is one, else by the sender's key.</summary>
internal sealed class UsageFacts(PoolId? pool, LedgerDirectory directory)
{
    private const string Author = "metering";

    public ILedgerEvent Of(UsageReport report, RequestAdmitted? admitted, EntitlementId? sender, DateTimeOffset now)
    {
        var (entitlement, tenant, model, serviceClass) = Owner(admitted, sender);
        return report switch
        {
            ReportedUsage r => new TokensConsumed(
                r.Source, r.Id, r.Request, pool, entitlement, tenant, model, serviceClass, admitted is not null,
                r.Tokens.Input, r.Tokens.CachedInput, r.Tokens.Output, r.Tokens.Reasoning, r.Outcome, r.StartedAt, r.FirstTokenAt, r.CompletedAt ?? now),
            ReportedStream r => new TokensStreamed(
                r.Source, r.Id, r.Request, pool, entitlement, tenant, model, serviceClass, admitted is not null,
                r.Tokens.Input, r.Tokens.CachedInput, r.Tokens.Output, r.Tokens.Reasoning, r.ReportedAt ?? now),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>What is billed of a request whose end nobody told: what it had used at the last report.</summary>
    public TokensConsumed LostEnd(RecordLostEnd lost, StreamedSoFar streamed, RequestAdmitted? admitted)
    {
        var (entitlement, tenant, model, serviceClass) = Owner(admitted, lost.Entitlement);
        return new(
            EventIds.LostEndSource, lost.Request.ToString(), lost.Request, pool, entitlement, tenant, model, serviceClass, Admitted: true,
            streamed.Tokens.Input, streamed.Tokens.CachedInput, streamed.Tokens.Output, streamed.Tokens.Reasoning, Outcome.Aborted, StartedAt: null, FirstTokenAt: null, streamed.ReportedAt, EndLost: true);
    }

    /// <summary>What a report does to a lost end that is billed already: the true end takes it back whole, a further interim report raises it.</summary>
    /// <returns>Null when it changes nothing.</returns>
    public static UsageCorrected? Replacing(RecordedEvent lost, Corrected corrected, ILedgerEvent report)
    {
        var billed = (TokensConsumed)lost.Data;
        var present = TokenCounts.Of(billed) + corrected.Tokens;
        if (1 + corrected.Requests <= 0) return null;
        return report switch
        {
            TokensConsumed e => Correction(
                Key(e.Source, e.EventId), billed, lost.Position, requests: -1, default(TokenCounts) - present, "The end of the request was reported after its lease had run out.", Author),
            TokensStreamed e when TokenCounts.Max(present, TokenCounts.Of(e)) - present is var more && more != default => Correction(
                Key(e.Source, e.EventId), billed, lost.Position, requests: 0, more, "The stream went on after its lease had run out.", Author),
            _ => null,
        };
    }

    public static UsageCorrected Correction(string id, TokensConsumed usage, long position, int requests, TokenCounts deltas, string reason, string author) => new(
        id, new(usage.Source, usage.EventId, position), usage.Request, usage.Pool, usage.Entitlement, usage.Tenant, usage.Model, usage.ServiceClass, usage.Admitted, usage.Outcome,
        requests, deltas.Input, deltas.CachedInput, deltas.Output, deltas.Reasoning, reason, author, usage.CompletedAt);

    public static bool WasAdmitted(ILedgerEvent fact) => fact is TokensConsumed { Admitted: true } or TokensStreamed { Admitted: true };

    /// <summary>One correction for each report, whichever instance takes it in.</summary>
    private static string Key(string source, string eventId) => $"{EventIds.LostEndSource}:{EventIds.Usage(source, eventId)}";

    private (EntitlementId? Entitlement, TenantId? Tenant, string? Model, ServiceClass? ServiceClass) Owner(RequestAdmitted? admitted, EntitlementId? sender)
    {
        var entitlement = admitted?.Entitlement ?? sender;
        var terms = pool is { } p && entitlement is { } e ? directory.FindEntitlement(p, e)?.Terms : null;
        return (entitlement, admitted?.Tenant ?? terms?.Tenant, pool is { } known ? directory.FindPool(known)?.Model : null, terms?.ServiceClass);
    }
}
