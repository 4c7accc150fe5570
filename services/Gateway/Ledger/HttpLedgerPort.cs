using Microsoft.Extensions.Options;
using TokenLedger.Client;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Gateway.Ledger;

/// <summary>Admission and Metering as processes of their own.</summary>
internal sealed class HttpLedgerPort : ILedgerPort, IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly Dictionary<string, string> s_noHeaders = [];
    private readonly HttpClient _http;
    private readonly TokenLedgerClient _client;
    private readonly string? _reportKey;

    public HttpLedgerPort(IOptions<GatewayOptions> options, TimeProvider clock)
    {
        // Connections are renewed now and then, so that a service that has moved is found.
        _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
        {
            Timeout = s_patience + TimeSpan.FromMilliseconds(options.Value.WaitMs),
        };
        _client = new(_http, new() { Admission = new(options.Value.AdmissionUrl), Metering = new(options.Value.MeteringUrl) }, clock);
        _reportKey = options.Value.ReportKey;
    }

    public Task<Answer<AdmissionView>> AdmitAsync(InferenceKey key, PostAdmission admission, CancellationToken ct) => TryAsync(_client.AdmitAsync(key.Secret, admission, ct), ct);

    public Task<Answer<ReservationView>> FirstTokenAsync(InferenceKey key, RequestId request, CancellationToken ct) => TryAsync(_client.FirstTokenAsync(key.Secret, request, ct), ct);

    public Task<Answer<ReservationView>> RenewAsync(InferenceKey key, RequestId request, CancellationToken ct) => TryAsync(_client.RenewAsync(key.Secret, request, ct), ct);

    public Task<Answer<ReservationView>> ReleaseAsync(InferenceKey key, RequestId request, CancellationToken ct) => TryAsync(_client.ReleaseAsync(key.Secret, request, ct), ct);

    public Task<Answer<UsageResult>> ReportAsync(InferenceKey? key, Consumption consumption, CancellationToken ct) =>
        TryAsync(_client.ReportAsync(_reportKey ?? key!.Secret, consumption, ct), ct);

    public Task<Answer<UsageResult>> ProgressAsync(InferenceKey key, StreamProgress progress, CancellationToken ct) =>
        TryAsync(_client.ProgressAsync(_reportKey ?? key.Secret, progress, ct), ct);

    public void Dispose() => _http.Dispose();

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
