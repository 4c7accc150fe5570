using TokenLedger.Benchmarks.Http;

namespace TokenLedger.Benchmarks.Gateways;

/// <summary>One way to the engine.</summary>
/// <param name="Prefix">Of the names of its rows.</param>
/// <param name="Headers">What its requests must say.</param>
internal sealed record Contender(string Prefix, Instance Instance, (string Name, string Value)[] Headers) : IAsyncDisposable
{
    private static readonly Uri s_chat = new("/v1/chat/completions", UriKind.Relative);

    public HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, ActivityHeadersPropagator = null }) { BaseAddress = Instance.Url };

    public HttpRequestMessage Ask(byte[] body)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, s_chat) { Content = new ByteArrayContent(body) };
        message.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        foreach (var (name, value) in Headers) message.Headers.TryAddWithoutValidation(name, value);
        return message;
    }

    /// <summary>The same request on so many connections, each sent when the one before is answered.</summary>
    public Task<WrkResult> LoadAsync(string body, int connections, int seconds, CancellationToken ct) =>
        Wrk.RunAsync("Gateways/chat.lua", Instance.Url, [body, "Content-Type", "application/json", .. Headers.SelectMany(header => (string[])[header.Name, header.Value])], connections, seconds, ct);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Instance.DisposeAsync();
    }
}
