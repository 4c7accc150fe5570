using TokenLedger.Contracts;

namespace TokenLedger.Metering.Intake;

/// <summary>A usage report as it was sent, checked. <see cref="CompletedAt"/> is null when the sender did not say.</summary>
internal sealed record ReportedUsage(
    string Source, string Id, RequestId Request, PoolId? Pool, long InputTokens, long CachedInputTokens, long OutputTokens, long ReasoningTokens, Outcome Outcome,
    DateTimeOffset? StartedAt, DateTimeOffset? FirstTokenAt, DateTimeOffset? CompletedAt)
{
    /// <summary>True when the recorded event says the same as this report. A time that was not sent cannot differ.</summary>
    public bool IsRepeatOf(TokensConsumed e) =>
        (Request, InputTokens, CachedInputTokens, OutputTokens, ReasoningTokens, Outcome) == (e.Request, e.InputTokens, e.CachedInputTokens, e.OutputTokens, e.ReasoningTokens, e.Outcome)
        && (Pool is null || Pool == e.Pool) && (CompletedAt is null || CompletedAt == e.CompletedAt) && StartedAt == e.StartedAt && FirstTokenAt == e.FirstTokenAt;
}

/// <summary>A report to be recorded in one pool's usage stream.</summary>
/// <param name="Pool">Known from the key, the report or the admission; null when nobody can tell.</param>
/// <param name="Sender">The entitlement whose key sent it; null for a gateway's operator key.</param>
internal sealed record RecordUsage(ReportedUsage Report, PoolId? Pool, EntitlementId? Sender);

/// <summary>What became of a report.</summary>
internal abstract record UsageAnswer;

internal sealed record UsageRecorded(long Position, bool Duplicate, bool Admitted) : UsageAnswer;

/// <summary>The source and id stand for another report.</summary>
internal sealed record UsageConflict : UsageAnswer;

/// <summary>The request was admitted for another entitlement than the sender's.</summary>
internal sealed record UsageForeign : UsageAnswer;
