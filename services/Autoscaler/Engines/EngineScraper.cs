using System.Buffers;
using System.Text;
using Microsoft.Extensions.Options;

namespace TokenLedger.Autoscaler.Engines;

/// <summary>Asks an engine for its metrics, within bounds of time and size.</summary>
internal sealed class EngineScraper(IOptions<AutoscalerOptions> options, TimeProvider clock) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
    })
    { Timeout = Timeout.InfiniteTimeSpan };

    /// <exception cref="ScrapeException">It did not answer in time, or not with metrics.</exception>
    public Task<(EngineSample Sample, int Malformed)> ReadAsync(Uri target, CancellationToken ct) => InTimeAsync(async late =>
    {
        using var answer = await _http.GetAsync(target, HttpCompletionOption.ResponseHeadersRead, late);
        if (!answer.IsSuccessStatusCode) throw new ScrapeException($"It answered {(int)answer.StatusCode}.");
        var bytes = await BoundedAsync(await answer.Content.ReadAsStreamAsync(late), options.Value.MaxScrapeBytes, late);
        return MetricsText.Read(Encoding.UTF8.GetString(bytes.Span), clock.GetUtcNow(), options.Value.MaxScrapeLines);
    }, ct);

    /// <summary>True when an address answers well.</summary>
    public async Task<bool> IsWellAsync(Uri address, CancellationToken ct)
    {
        try
        {
            return await InTimeAsync(async late =>
            {
                using var answer = await _http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, late);
                return answer.IsSuccessStatusCode;
            }, ct);
        }
        catch (ScrapeException)
        {
            return false;
        }
    }

    private async Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(options.Value.ScrapeTimeoutSeconds), clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            return await ask(either.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new ScrapeException($"It did not answer within {options.Value.ScrapeTimeoutSeconds} s.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ScrapeException("It cannot be reached.", e);
        }
    }

    /// <exception cref="ScrapeException">There is more than may be.</exception>
    public static async Task<ReadOnlyMemory<byte>> BoundedAsync(Stream stream, int most, CancellationToken ct)
    {
        var bytes = new ArrayBufferWriter<byte>(16_384);
        int read;
        while ((read = await stream.ReadAsync(bytes.GetMemory(16_384), ct)) > 0)
        {
            bytes.Advance(read);
            if (bytes.WrittenCount > most) throw new ScrapeException($"It has more than {most} bytes.");
        }
        return bytes.WrittenMemory;
    }

    public void Dispose() => _http.Dispose();
}
