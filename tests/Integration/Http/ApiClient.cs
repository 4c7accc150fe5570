using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Calls the API with one key, and sends addresses and bodies exactly as they are given.</summary>
internal sealed class ApiClient(HttpClient http, string address, string? key)
{
    private static readonly UriCreationOptions s_verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public Task<ApiAnswer> GetAsync(string path, string? accept = null) => SendAsync(HttpMethod.Get, path, null, null, accept);

    public Task<ApiAnswer> PutAsync(string path, JsonNode body) => SendAsync(HttpMethod.Put, path, body.ToJsonString());

    public Task<ApiAnswer> PostAsync(string path, JsonNode? body = null) => SendAsync(HttpMethod.Post, path, body?.ToJsonString());

    public Task<ApiAnswer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public Task<ApiAnswer> PostUsageAsync(JsonNode body) => SendAsync(HttpMethod.Post, "/v1/usage", body.ToJsonString(), body is JsonArray ? UsageBatch : Usage);

    public const string Usage = "application/cloudevents+json";
    public const string UsageBatch = "application/cloudevents-batch+json";

    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, string? body, string? contentType = "application/json", string? accept = null, string? authorization = null, CancellationToken? ct = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(address + path, s_verbatim));
        if (body is not null) request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        if (body is not null && contentType is not null) request.Content!.Headers.TryAddWithoutValidation("Content-Type", contentType);
        // Asks before it sends much, as the server may answer and close before it has read it all.
        request.Headers.ExpectContinue = body?.Length > 1_000_000;
        if (accept is not null) request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        if ((authorization ?? (key is null ? null : $"Bearer {key}")) is { } sent) request.Headers.TryAddWithoutValidation("Authorization", sent);
        using var response = await http.SendAsync(request, ct ?? Within.Patience());
        return new(
            (int)response.StatusCode, response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase),
            await response.Content.ReadAsStringAsync(Within.Patience()));
    }
}
