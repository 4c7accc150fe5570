using System.Net.Http.Headers;
using System.Text.Json;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Client;

/// <summary>
/// What a gateway asks TokenLedger before, during and after a request. A refusal is an answer, not an exception; <see cref="HttpRequestException"/> says that nobody answered.
/// Thread-safe; one for a whole process.
/// </summary>
public sealed class TokenLedgerClient(HttpClient http, TokenLedgerClientOptions options, TimeProvider clock)
{
    // A newer service may say more than this client knows.
    private static readonly JsonSerializerOptions s_lenient = new(HttpJson.Default.Options) { UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Skip };
    private readonly Uri _metering = options.Metering ?? options.Admission;
    private readonly Retries _retries = new(options, clock);

    /// <summary>Asks for the capacity that a request needs.</summary>
    /// <param name="key">The inference key of the request.</param>
    public Task<Answer<AdmissionView>> AdmitAsync(string key, PostAdmission admission, CancellationToken ct) =>
        SendAsync<AdmissionView>(HttpMethod.Post, new(options.Admission, "/v1/admissions"), key, JsonSerializer.SerializeToUtf8Bytes(admission, HttpJson.Default.PostAdmission), "application/json", ct);

    /// <summary>Tells that the prompt has been read: its tokens are settled before the end.</summary>
    public Task<Answer<ReservationView>> FirstTokenAsync(string key, RequestId request, CancellationToken ct) =>
        SendAsync<ReservationView>(HttpMethod.Post, new(options.Admission, $"/v1/admissions/{request}/first-token"), key, null, null, ct);

    /// <summary>Prolongs the lease of a request that is still under way.</summary>
    public Task<Answer<ReservationView>> RenewAsync(string key, RequestId request, CancellationToken ct) =>
        SendAsync<ReservationView>(HttpMethod.Post, new(options.Admission, $"/v1/admissions/{request}/renew"), key, null, null, ct);

    /// <summary>Gives back what was reserved for a request that used nothing.</summary>
    public Task<Answer<ReservationView>> ReleaseAsync(string key, RequestId request, CancellationToken ct) =>
        SendAsync<ReservationView>(HttpMethod.Delete, new(options.Admission, $"/v1/admissions/{request}"), key, null, null, ct);

    /// <summary>Reports what a request consumed, which settles it.</summary>
    public Task<Answer<UsageResult>> ReportAsync(string key, Consumption consumption, CancellationToken ct) =>
        SendAsync<UsageResult>(HttpMethod.Post, new(_metering, "/v1/usage"), key,
            JsonSerializer.SerializeToUtf8Bytes(Event(consumption), CloudEventJson.Default.CloudEvent), CloudEvent.ContentType, ct);

    /// <summary>Reports several at once; each has a result of its own, in their order.</summary>
    public Task<Answer<UsageBatchResult>> ReportAsync(string key, IReadOnlyList<Consumption> consumptions, CancellationToken ct) =>
        SendAsync<UsageBatchResult>(HttpMethod.Post, new(_metering, "/v1/usage"), key,
            JsonSerializer.SerializeToUtf8Bytes([.. consumptions.Select(Event)], CloudEventJson.Default.IReadOnlyListCloudEvent), CloudEvent.BatchContentType, ct);

    /// <summary>Reports how far a long stream has come, so that no more than what came since is lost with the one who would tell its end.</summary>
    public Task<Answer<UsageResult>> ProgressAsync(string key, StreamProgress progress, CancellationToken ct) =>
        SendAsync<UsageResult>(HttpMethod.Post, new(_metering, "/v1/usage"), key,
            JsonSerializer.SerializeToUtf8Bytes(Event(progress), CloudEventJson.Default.CloudEvent), CloudEvent.ContentType, ct);

    /// <summary>The CloudEvent that says so.</summary>
    public static CloudEvent Event(Consumption consumption)
    {
        ArgumentNullException.ThrowIfNull(consumption);
        return new("1.0", CloudEvent.TokensConsumedType, consumption.Source, consumption.Id, consumption.Request.ToString(), Time: null, DataContentType: null,
            JsonSerializer.SerializeToElement(consumption.Data, HttpJson.Default.UsageData));
    }

    /// <summary>The CloudEvent that says so.</summary>
    public static CloudEvent Event(StreamProgress progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        return new("1.0", CloudEvent.TokensStreamedType, progress.Source, progress.Id, progress.Request.ToString(), Time: null, DataContentType: null,
            JsonSerializer.SerializeToElement(progress.Data, HttpJson.Default.StreamedData));
    }

    private async Task<Answer<T>> SendAsync<T>(HttpMethod method, Uri address, string key, byte[]? body, string? contentType, CancellationToken ct) where T : class
    {
        for (var attempt = 1; ; attempt++)
        {
            Answer<T>? answer = null;
            try
            {
                using var request = new HttpRequestMessage(method, address);
                request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
                if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(contentType!) } };
                using var response = await http.SendAsync(request, ct).ConfigureAwait(false);
                answer = await ReadAsync<T>(response, ct).ConfigureAwait(false);
            }
            catch (HttpRequestException) when (attempt < options.MaxAttempts)
            {
                // The next attempt tells whether it was a moment's trouble.
            }
            if (answer is not null && _retries.DelayAfter(answer, attempt) is null) return answer;
            await Task.Delay(answer is null ? _retries.Delay(attempt) : _retries.DelayAfter(answer, attempt)!.Value, clock, ct).ConfigureAwait(false);
        }
    }

    private static async Task<Answer<T>> ReadAsync<T>(HttpResponseMessage response, CancellationToken ct) where T : class
    {
        var headers = response.Headers.Where(header => header.Key.Contains("ratelimit", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(header => header.Key.ToLowerInvariant(), header => string.Join(", ", header.Value), StringComparer.Ordinal);
        var body = await response.Content.ReadAsByteArrayAsync(ct).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
            return new Granted<T>((T)JsonSerializer.Deserialize(body, s_lenient.GetTypeInfo(typeof(T)))!, headers);
        var (reason, detail, retryAfter) = Problem(body);
        return new Refused<T>((int)response.StatusCode, reason ?? $"http-{(int)response.StatusCode}", detail ?? "", retryAfter ?? response.Headers.RetryAfter?.Delta, headers);
    }

    /// <summary>What the problem says; nothing when the answer is none, as that of a proxy in between.</summary>
    private static (string? Reason, string? Detail, TimeSpan? RetryAfter) Problem(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind != JsonValueKind.Object ? default : (
                json.RootElement.TryGetProperty("reason", out var reason) ? reason.GetString() : null,
                json.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() : null,
                json.RootElement.TryGetProperty("retryAfterMs", out var ms) && ms.TryGetInt64(out var wait) ? TimeSpan.FromMilliseconds(wait) : null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return default;
        }
    }
}
