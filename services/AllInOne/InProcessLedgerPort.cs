using Microsoft.AspNetCore.Http.HttpResults;
using TokenLedger.Admission;
using TokenLedger.Client;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Gateway.Ledger;
using TokenLedger.Hosting.Access;
using TokenLedger.Ledger;
using TokenLedger.Metering;

namespace TokenLedger.AllInOne;

/// <summary>Admission and Metering asked in the same process, by the ports that their own endpoints use.</summary>
internal sealed class InProcessLedgerPort(AdmissionPort admission, UsagePort usage) : ILedgerPort
{
    private static readonly Dictionary<string, string> s_noHeaders = [];
    private static readonly OperatorCaller s_gateway = new(new KeyId("gateway"), "gateway", [Role.Gateway], Tenant: null);

    public Task<Answer<AdmissionView>> AdmitAsync(InferenceKey key, PostAdmission request, CancellationToken ct) => TryAsync(async () =>
    {
        var headers = new HeaderDictionary();
        var result = (await admission.AdmitAsync(key.Caller, request, headers, ct)).Result;
        var rates = headers.Where(header => header.Key.Contains("ratelimit", StringComparison.OrdinalIgnoreCase)).ToDictionary(header => header.Key, header => header.Value.ToString());
        return result switch
        {
            Created<AdmissionView> created => new Granted<AdmissionView>(created.Value!, rates),
            Ok<AdmissionView> known => new Granted<AdmissionView>(known.Value!, rates),
            _ => Refused<AdmissionView>((ProblemHttpResult)result, rates),
        };
    });

    public Task<Answer<ReservationView>> FirstTokenAsync(InferenceKey key, RequestId request, CancellationToken ct) => ChangeAsync(() => admission.FirstTokenAsync(key.Caller, request, ct));

    public Task<Answer<ReservationView>> RenewAsync(InferenceKey key, RequestId request, CancellationToken ct) => ChangeAsync(() => admission.RenewAsync(key.Caller, request, ct));

    public Task<Answer<ReservationView>> ReleaseAsync(InferenceKey key, RequestId request, CancellationToken ct) => ChangeAsync(() => admission.ReleaseAsync(key.Caller, request, ct));

    public Task<Answer<UsageResult>> ReportAsync(InferenceKey? key, Consumption consumption, CancellationToken ct) => ReportAsync(TokenLedgerClient.Event(consumption), (Caller?)key?.Caller ?? s_gateway, ct);

    public Task<Answer<UsageResult>> ProgressAsync(InferenceKey key, StreamProgress progress, CancellationToken ct) => ReportAsync(TokenLedgerClient.Event(progress), key.Caller, ct);

    private Task<Answer<UsageResult>> ReportAsync(CloudEvent report, Caller caller, CancellationToken ct) => TryAsync<UsageResult>(async () =>
    {
        var result = await usage.RecordAsync(report, caller, ct);
        return result.Status == StatusCodes.Status202Accepted
            ? new Granted<UsageResult>(result, s_noHeaders)
            : new Refused<UsageResult>(result.Status, result.Reason ?? "", result.Detail ?? "", null, s_noHeaders);
    });

    private static Task<Answer<ReservationView>> ChangeAsync(Func<Task<Results<Ok<ReservationView>, ProblemHttpResult>>> change) => TryAsync(async () =>
    {
        var result = (await change()).Result;
        return result is Ok<ReservationView> ok ? new Granted<ReservationView>(ok.Value!, s_noHeaders) : Refused<ReservationView>((ProblemHttpResult)result, s_noHeaders);
    });

    private static Answer<T> Refused<T>(ProblemHttpResult problem, IReadOnlyDictionary<string, string> headers) where T : class
    {
        var more = problem.ProblemDetails.Extensions;
        return new Refused<T>(problem.StatusCode, (string)more["reason"]!, problem.ProblemDetails.Detail!, more.TryGetValue("retryAfterMs", out var ms) ? TimeSpan.FromMilliseconds(Convert.ToInt64(ms)) : null, headers);
    }

    /// <summary>What the endpoints would answer with 503 is an answer here, too.</summary>
    private static async Task<Answer<T>> TryAsync<T>(Func<Task<Answer<T>>> ask) where T : class
    {
        try
        {
            return await ask();
        }
        catch (QueueFullException)
        {
            return new Refused<T>(StatusCodes.Status503ServiceUnavailable, "overloaded", "Too many requests wait.", TimeSpan.FromSeconds(1), s_noHeaders);
        }
        catch (Exception e) when (e is LedgerUnavailableException or VersionConflictException or Npgsql.NpgsqlException)
        {
            return new Refused<T>(StatusCodes.Status503ServiceUnavailable, "ledger-unavailable", "The ledger does not answer.", TimeSpan.FromSeconds(1), s_noHeaders);
        }
    }
}
