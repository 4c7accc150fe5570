using Microsoft.Extensions.Options;
using TokenLedger.Client;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Gateway.Ledger;

/// <summary>Admission and Metering as processes of their own.</summary>
internal sealed class HttpLedgerPort(IHttpClientFactory clients, IOptions<GatewayOptions> options, TimeProvider clock) : ILedgerPort
{
    private static readonly Dictionary<string, string> s_noHeaders = [];
    private readonly string? _reportKey = options.Value.ReportKey;
    private readonly TokenLedgerClient _client = new(
        clients.CreateClient(nameof(HttpLedgerPort)), new() { Admission = new(options.Value.AdmissionUrl), Metering = new(options.Value.MeteringUrl) }, clock);

    public Task<Answer<AdmissionView>> AdmitAsync(InferenceKey key, PostAdmission admission, CancellationToken ct) => TryAsync(_client.AdmitAsync(key.Secret, admission, ct), ct);

    public Task<Answer<ReservationView>> FirstTokenAsync(InferenceKey key, RequestId request, CancellationToken ct) => TryAsync(_client.FirstTokenAsync(key.Secret, request, ct), ct);

    public Task<Answer<ReservationView>> RenewAsync(InferenceKey key, RequestId request, CancellationToken ct) => TryAsync(_client.RenewAsync(key.Secret, request, ct), ct);

    public Task<Answer<ReservationView>> ReleaseAsync(InferenceKey key, RequestId request, CancellationToken ct) => TryAsync(_client.ReleaseAsync(key.Secret, request, ct), ct);

    public Task<Answer<UsageResult>> ReportAsync(InferenceKey key, Consumption consumption, CancellationToken ct) =>
        TryAsync(_client.ReportAsync(_reportKey ?? key.Secret, consumption, ct), ct);

    private static async Task<Answer<T>> TryAsync<T>(Task<Answer<T>> call, CancellationToken ct) where T : class
    {
        try
        {
            return await call;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return new Refused<T>(StatusCodes.Status503ServiceUnavailable, "ledger-unavailable", "Admission or Metering does not answer.", TimeSpan.FromSeconds(1), s_noHeaders);
        }
    }
}
