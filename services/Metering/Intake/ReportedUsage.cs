using TokenLedger.Contracts;

namespace TokenLedger.Metering.Intake;

/// <summary>A report about a request as it was sent, checked.</summary>
internal abstract record UsageReport(string Source, string Id, RequestId Request, PoolId? Pool)
{
    /// <summary>True when the recorded event says the same as this report. A time that was not sent cannot differ.</summary>
    public abstract bool IsRepeatOf(ILedgerEvent recorded);
}

/// <summary>What a request used, told at its end. <see cref="CompletedAt"/> is null when the sender did not say.</summary>
internal sealed record ReportedUsage(
    string Source, string Id, RequestId Request, PoolId? Pool, TokenCounts Tokens, Outcome Outcome, DateTimeOffset? StartedAt, DateTimeOffset? FirstTokenAt, DateTimeOffset? CompletedAt)
    : UsageReport(Source, Id, Request, Pool)
{
    public override bool IsRepeatOf(ILedgerEvent recorded) => recorded is TokensConsumed e && (Request, Tokens, Outcome) == (e.Request, TokenCounts.Of(e), e.Outcome)
        && (Pool is null || Pool == e.Pool) && (CompletedAt is null || CompletedAt == e.CompletedAt) && StartedAt == e.StartedAt && FirstTokenAt == e.FirstTokenAt;
}

/// <summary>What a request has used so far.</summary>
internal sealed record ReportedStream(string Source, string Id, RequestId Request, PoolId? Pool, TokenCounts Tokens, DateTimeOffset? ReportedAt) : UsageReport(Source, Id, Request, Pool)
{
    public override bool IsRepeatOf(ILedgerEvent recorded) =>
        recorded is TokensStreamed e && (Request, Tokens) == (e.Request, TokenCounts.Of(e)) && (Pool is null || Pool == e.Pool) && (ReportedAt is null || ReportedAt == e.ReportedAt);
}
