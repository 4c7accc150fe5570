using TokenLedger.Client;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Gateway.Ledger;

/// <summary>An inference key and whom it belongs to.</summary>
public sealed record InferenceKey(string Secret, InferenceCaller Caller);

/// <summary>What the gateway asks Admission and Metering: over HTTP when they are processes of their own, or in process. Trouble is an answer with status 503.</summary>
public interface ILedgerPort
{
    Task<Answer<AdmissionView>> AdmitAsync(InferenceKey key, PostAdmission admission, CancellationToken ct);

    Task<Answer<ReservationView>> FirstTokenAsync(InferenceKey key, RequestId request, CancellationToken ct);

    Task<Answer<ReservationView>> RenewAsync(InferenceKey key, RequestId request, CancellationToken ct);

    Task<Answer<ReservationView>> ReleaseAsync(InferenceKey key, RequestId request, CancellationToken ct);

    /// <param name="key">Null when the gateway speaks for itself, of a request that another one took.</param>
    Task<Answer<UsageResult>> ReportAsync(InferenceKey? key, Consumption consumption, CancellationToken ct);

    Task<Answer<UsageResult>> ProgressAsync(InferenceKey key, StreamProgress progress, CancellationToken ct);
}
