using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using TokenLedger.Autoscaler.Engines;

namespace TokenLedger.Autoscaler.Actuators;

/// <summary>Calls the API server of the cluster as the pod's service account. Token and authority are read from their files as they are needed, for both are replaced while a pod runs.</summary>
internal sealed class KubernetesApi : IDisposable
{
    private readonly AutoscalerOptions _options;
    private readonly HttpClient _http;

    public KubernetesApi(IOptions<AutoscalerOptions> options)
    {
        _options = options.Value;
        _http = new(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = new() { RemoteCertificateValidationCallback = (_, certificate, _, errors) => IsOfTheCluster(certificate as X509Certificate2, errors) },
        })
        { Timeout = Timeout.InfiniteTimeSpan };
    }

    public Task<JsonNode> GetAsync(string path, CancellationToken ct) => SendAsync(HttpMethod.Get, path, null, ct);

    /// <exception cref="KubernetesConflictException">Somebody else changed it since it was read.</exception>
    /// <exception cref="ActuatorException">It was refused, or nobody answered.</exception>
    public Task<JsonNode> PutAsync(string path, JsonNode body, CancellationToken ct) => SendAsync(HttpMethod.Put, path, body, ct);

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, JsonNode? body, CancellationToken ct)
    {
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(Server(), path));
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(_options.Kubernetes.TokenFile, ct)).Trim());
            request.Headers.Accept.Add(new("application/json"));
            if (body is not null) request.Content = new StringContent(body.ToJsonString(), new MediaTypeHeaderValue("application/json"));
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (answer.StatusCode == System.Net.HttpStatusCode.Conflict) throw new KubernetesConflictException();
            if (!answer.IsSuccessStatusCode) throw new ActuatorException($"The API server answered {(int)answer.StatusCode} to {method} {path}.");
            var bytes = await EngineScraper.BoundedAsync(await answer.Content.ReadAsStreamAsync(ct), _options.MaxScrapeBytes, ct);
            return JsonNode.Parse(bytes.Span) ?? throw new JsonException();
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or ScrapeException)
        {
            throw new ActuatorException(e is HttpRequestException ? "The API server cannot be reached." : $"The API server's answer to {method} {path} cannot be read.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ActuatorException("The service account's token cannot be read.", e);
        }
    }

    private Uri Server()
    {
        if (_options.Kubernetes.ApiServer is { Length: > 0 } named) return new(named);
        var (host, port) = (Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"), Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT"));
        if (string.IsNullOrEmpty(host)) throw new ActuatorException("There is no API server: this is no pod, and TokenLedger:Autoscaler:Kubernetes:ApiServer is not set.");
        return new UriBuilder("https", host, int.TryParse(port, out var number) ? number : 443).Uri;
    }

    private bool IsOfTheCluster(X509Certificate2? certificate, SslPolicyErrors errors)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0) return false;
        return Authority.Signed(certificate, _options.Kubernetes.CaFile);
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>An object was changed by somebody else since it was read.</summary>
internal sealed class KubernetesConflictException : Exception;
