using System.Net.Http.Headers;

namespace TokenLedger.Cli.Api;

/// <summary>Makes the one HTTP client of a command: bounded connections, no cookies, no redirects that would carry a key elsewhere.</summary>
internal static class Connections
{
    private const long MaxAnswerBytes = 64 << 20;
    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(5);

    public static HttpClient Open(Uri address, string key, int connections, TimeSpan timeout)
    {
        if (!key.All(c => c is > ' ' and <= '~')) throw CommandFailure.BadUsage("The key holds characters that no key has.");
        var handler = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = connections,
            ConnectTimeout = s_connectTimeout,
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !address.IsLoopback,
            ActivityHeadersPropagator = null,
        };
        var http = new HttpClient(handler) { BaseAddress = address, Timeout = timeout, MaxResponseContentBufferSize = MaxAnswerBytes };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return http;
    }
}
