using TokenLedger.Contracts;

namespace TokenLedger.Metering.Intake;

/// <summary>Something to be recorded in one pool's usage stream.</summary>
/// <param name="Pool">Known from the key, the report or the admission; null when nobody can tell.</param>
internal abstract record UsageCommand(PoolId? Pool);

/// <param name="Sender">The entitlement whose key sent the report; null for a gateway's operator key.</param>
internal sealed record RecordUsage(UsageReport Report, PoolId? Pool, EntitlementId? Sender) : UsageCommand(Pool)
{
    // Made once, for each is a hash.
    public Guid Id { get; } = EventIds.Usage(Report.Source, Report.Id);

    public Guid LostEndId { get; } = EventIds.LostEnd(Report.Request);

    /// <summary>Null where no pool is known: then nothing was admitted.</summary>
    public Guid? AdmissionId { get; } = Pool is { } known ? EventIds.Admission(known, Report.Request) : null;
}

/// <summary>The lease of a request ran out: unless its end was told, it is billed by its interim reports, if there are any.</summary>
internal sealed record RecordLostEnd(PoolId Of, RequestId Request, EntitlementId Entitlement) : UsageCommand(Of);

/// <param name="Tenant">Whose usage alone the author may correct; null for anybody's.</param>
internal sealed record RecordCorrection(
    string CorrectionId, string Source, string EventId, TokenCounts Deltas, string Reason, string Author, PoolId? Pool, TenantId? Tenant) : UsageCommand(Pool)
{
    public bool IsRepeatOf(ILedgerEvent recorded) => recorded is UsageCorrected e
        && (Source, EventId, Deltas, Reason) == (e.Corrects.Source, e.Corrects.EventId, TokenCounts.Of(e), e.Reason);
}

/// <summary>What became of a command.</summary>
internal abstract record UsageAnswer;

internal sealed record UsageRecorded(long Position, bool Duplicate, bool Admitted) : UsageAnswer;

/// <summary>The key of the fact stands for another one.</summary>
internal sealed record UsageConflict : UsageAnswer;

/// <summary>The request was admitted for another entitlement than the sender's, or the usage is another tenant's.</summary>
internal sealed record UsageForeign : UsageAnswer;

/// <summary>There is nothing to record: no such usage to correct, or no lost end to bill.</summary>
internal sealed record UsageNothing : UsageAnswer;

/// <summary>No request can have used what the correction would leave of the present numbers.</summary>
internal sealed record CorrectionImpossible(TokenCounts Present) : UsageAnswer;
