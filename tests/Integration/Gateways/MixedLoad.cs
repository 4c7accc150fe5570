using System.Net.Http.Headers;
using System.Text;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>
/// Clients of a gateway that may be killed under them: streams and whole answers of three APIs, every fifth abandoned by its client. A connection that breaks is a failed request,
/// and they go on; one that is not taken, because the gateway is just being started again, is tried until it is.
/// </summary>
internal sealed class MixedLoad(Uri gateway, string key) : IDisposable
{
    private static readonly TimeSpan s_again = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_givesUpAfter = TimeSpan.FromMilliseconds(300);
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private int _answered, _abandoned, _refused, _broken;

    /// <summary>Requests that are over, however they ended.</summary>
    public int Over => Answered + Abandoned + Refused + Broken;
    public int Answered => Volatile.Read(ref _answered);
    public int Abandoned => Volatile.Read(ref _abandoned);

    /// <summary>Answered with an error, of the gateway or of a server.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Connections that broke in the middle.</summary>
    public int Broken => Volatile.Read(ref _broken);

    public Task RunAsync(int requests, int atATime, CancellationToken ct) =>
        Parallel.ForEachAsync(Enumerable.Range(0, requests), new ParallelOptions { MaxDegreeOfParallelism = atATime, CancellationToken = ct }, async (i, stop) =>
        {
            while (!await TryAsync(i, stop)) await Task.Delay(s_again, TimeProvider.System, stop);
        });

    /// <summary>A stream without end that has begun; whoever holds it lets it go.</summary>
    public async Task<HttpResponseMessage> BeginAsync(CancellationToken ct)
    {
        var response = await SendAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"go on and on"}],"max_tokens":20000,"ignore_eos":true,"stream":true}""", ct);
        await (await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(ct)).ReadExactlyAsync(new byte[200], ct);
        return response;
    }

    public void Dispose() => _http.Dispose();

    /// <returns>False when nobody listens.</returns>
    private async Task<bool> TryAsync(int i, CancellationToken ct)
    {
        var leaves = i % 5 == 0;
        var (path, body) = Request(i, leaves ? "20000,\"ignore_eos\":true" : $"{1 + i % 60}");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            if (leaves && !body.Contains("\"stream\":true", StringComparison.Ordinal)) patience.CancelAfter(s_givesUpAfter);
            using var response = await SendAsync(path, body, patience.Token);
            if (!response.IsSuccessStatusCode) Interlocked.Increment(ref _refused);
            else if (leaves)
            {
                await (await response.Content.ReadAsStreamAsync(ct)).ReadAtLeastAsync(new byte[200], 200, throwOnEndOfStream: false, ct);
                Interlocked.Increment(ref _abandoned);
            }
            else
            {
                await response.Content.ReadAsByteArrayAsync(ct);
                Interlocked.Increment(ref _answered);
            }
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            return false;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            Interlocked.Increment(ref _abandoned);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            Interlocked.Increment(ref _broken);
        }
        return true;
    }

    private static (string Path, string Body) Request(int i, string most)
    {
        var prompt = $"request number {i % 7} of many " + string.Join(' ', Enumerable.Range(0, i % 50).Select(word => $"word{word}"));
        return (i / 5 % 4) switch
        {
            0 => ("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"{{prompt}}"}],"max_tokens":{{most}},"stream":true}"""),
            1 => ("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"{{prompt}}"}],"max_tokens":{{most}} }"""),
            2 => ("/v1/completions", $$"""{"prompt":"{{prompt}}","max_tokens":{{most}},"stream":true,"stream_options":{"include_usage":true} }"""),
            _ => ("/v1/messages", $$"""{"messages":[{"role":"user","content":"{{prompt}}"}],"max_tokens":{{most}},"stream":true}"""),
        };
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
    }
}
