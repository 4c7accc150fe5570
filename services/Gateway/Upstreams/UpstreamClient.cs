using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Gateway.Answers;
using TokenLedger.Gateway.Requests;

namespace TokenLedger.Gateway.Upstreams;

/// <summary>The connections to the inference servers. Nothing on the way is changed but the headers named here.</summary>
internal sealed class UpstreamClient(IOptions<GatewayOptions> options) : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>Headers of the one connection (RFC 9110, 7.6.1), those that hold keys, and those that the gateway sets itself; compression would hide the usage.</summary>
    private static readonly HashSet<string> s_notPassedOn = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Content-Length", "Expect",
        "Authorization", "x-api-key", "x-request-id", "Accept-Encoding", "Date", "Server",
    };

    public HttpClient Http { get; } = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestHeaders = { Authorization = options.Value.UpstreamKey is { Length: > 0 } key ? new AuthenticationHeaderValue("Bearer", key) : null },
    };

    public static Uri At(Replica replica, string path) => new(replica.Address.AbsoluteUri.TrimEnd('/') + path);

    public static string PathOf(Api api) => api switch
    {
        Api.Chat => "/v1/chat/completions",
        Api.Completions => "/v1/completions",
        Api.Embeddings => "/v1/embeddings",
        Api.Responses => "/v1/responses",
        _ => "/v1/messages",
    };

    public static HttpRequestMessage Message(Replica replica, Api api, HttpRequest from, ReadOnlyMemory<byte> body, RequestId id)
    {
        ArgumentNullException.ThrowIfNull(from);
        var message = new HttpRequestMessage(HttpMethod.Post, At(replica, PathOf(api) + from.QueryString)) { Content = new ReadOnlyMemoryContent(body) };
        var connection = from.Headers.Connection.ToString();
        foreach (var (name, values) in from.Headers)
        {
            if (s_notPassedOn.Contains(name) || connection.Contains(name, StringComparison.OrdinalIgnoreCase)) continue;
            if (!message.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values)) message.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
        message.Headers.TryAddWithoutValidation("x-request-id", id.ToString());
        return message;
    }

    /// <summary>Status and headers of the answer, as they came.</summary>
    public static void CopyHead(HttpResponseMessage from, HttpResponse to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        to.StatusCode = (int)from.StatusCode;
        foreach (var (name, values) in from.Headers.Concat(from.Content.Headers))
            if (!s_notPassedOn.Contains(name)) to.Headers[name] = values.ToArray();
    }

    /// <summary>Asks a server to end a request.</summary>
    /// <returns>False when it does not know it (yet).</returns>
    public async Task<bool> AbortAsync(Replica replica, RequestId id, CancellationToken ct)
    {
        using var body = new StringContent($$"""{"rid":"{{id}}"}""", Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(At(replica, options.Value.AbortPath!), body, ct);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Asks a server what a request used.</summary>
    public async Task<ServerSays> UsedAsync(Replica replica, RequestId id, TimeProvider clock, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(s_patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, ct);
        try
        {
            using var answer = await Http.GetAsync(At(replica, options.Value.UsagePath!.Replace("{id}", id.ToString(), StringComparison.Ordinal)), either.Token);
            if (answer.StatusCode != HttpStatusCode.OK)
                return new(answer.StatusCode switch { HttpStatusCode.NotFound => Knowledge.None, HttpStatusCode.Accepted => Knowledge.Runs, _ => Knowledge.Away }, null);
            var tally = new UsageTally();
            AnswerReading.ReadWhole(await answer.Content.ReadAsByteArrayAsync(either.Token), tally);
            return tally.Input is null && tally.Output is null ? new(Knowledge.Away, null) : new(Knowledge.Ended, tally);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return new(Knowledge.Away, null);
        }
    }

    public void Dispose() => Http.Dispose();
}
