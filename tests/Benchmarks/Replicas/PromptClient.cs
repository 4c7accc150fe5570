using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace TokenLedger.Benchmarks.Replicas;

/// <summary>What an engine's metrics say: prompt tokens looked up in its cache and found there, and tokens read and made.</summary>
internal sealed record EngineCounts(long Asked, long Found, long Computed);

/// <summary>Streams chats through the gateway.</summary>
internal sealed class PromptClient(Uri gateway, string key) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Reads an answer to its end.</summary>
    /// <returns>Milliseconds until its first token.</returns>
    public async Task<double> FirstTokenAsync(string body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, "/v1/chat/completions")) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var started = Stopwatch.GetTimestamp();
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (!answer.IsSuccessStatusCode) throw new BenchException($"A prompt was answered with {answer.StatusCode}: {await answer.Content.ReadAsStringAsync(ct)}");
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(ct));
        var first = double.NaN;
        while (await lines.ReadLineAsync(ct) is { } line)
            // The first chunk of a chat names the speaker, and its content is empty.
            if (double.IsNaN(first) && line.Contains("\"content\":\"", StringComparison.Ordinal) && !line.Contains("\"content\":\"\"", StringComparison.Ordinal))
                first = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return double.IsNaN(first) ? throw new BenchException("An answer had no token.") : first;
    }

    public async Task<EngineCounts> CountAsync(Uri engine, CancellationToken ct)
    {
        var metrics = await _http.GetStringAsync(new Uri(engine, "/metrics"), ct);
        return new(Value("vllm:prefix_cache_queries_total"), Value("vllm:prefix_cache_hits_total"), Value("vllm:prompt_tokens_total") + Value("vllm:generation_tokens_total"));

        long Value(string name) => metrics.Split('\n').Where(line => line.StartsWith(name + "{", StringComparison.Ordinal))
            .Sum(line => (long)double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    public void Dispose() => _http.Dispose();
}
