using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace TokenLedger.Benchmarks.Gateways;

/// <summary>What the clients of one turn saw, in milliseconds, and the processor time that an event cost the server.</summary>
internal sealed record StreamTurn(IReadOnlyList<double> FirstTokens, IReadOnlyList<double> Totals, int Failed, double MicrosecondsPerEvent);

/// <summary>Clients that read streams as people do: many at once, each as slow as the model.</summary>
/// <param name="tokensPerSecond">Of each stream.</param>
/// <param name="tokens">Of each answer.</param>
internal sealed class StreamLoad(int tokensPerSecond, int tokens)
{
    private const int Streams = 200;

    /// <summary>Longer than a step of the engine: a request that is a little late may not always be in time for the same step.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);
    private static readonly string s_prompt = string.Join(' ', Enumerable.Range(0, 400).Select(n => $"word{n % 89}"));

    /// <summary>A chunk for each token, one that says why it ends, and the end mark.</summary>
    private readonly int _events = tokens + 2;

    public int TokensPerSecond => tokensPerSecond;

    /// <summary>How long one stream takes at least.</summary>
    public TimeSpan Length { get; } = TimeSpan.FromSeconds((double)tokens / tokensPerSecond);

    public async Task<StreamTurn> RunAsync(Contender contender, TimeSpan duration, CancellationToken ct)
    {
        var (seen, failed, processor) = (new ConcurrentBag<(double First, double Total)>(), 0, contender.Instance.ProcessorTime);
        var (started, streams) = (Stopwatch.GetTimestamp(), 0);
        await Task.WhenAll(Enumerable.Range(0, Streams).Select(ReadOnAsync));
        var used = contender.Instance.ProcessorTime - processor;
        if (seen.IsEmpty) throw new BenchException($"Of {streams} streams through {contender.Instance.Url} none was whole.");
        return new([.. seen.Select(one => one.First)], [.. seen.Select(one => one.Total)], failed, used.TotalMicroseconds / Math.Max(1, (long)streams * _events));

        async Task ReadOnAsync(int reader)
        {
            var random = new Random(reader);
            var buffer = new byte[16_384];
            await Task.Delay(random.NextDouble() * Length, ct);
            for (var n = 0; Stopwatch.GetElapsedTime(started) < duration; n++)
            {
                // Before everyone has begun once, there are fewer streams than there shall be.
                var counts = Stopwatch.GetElapsedTime(started) > Length;
                var one = await ReadAsync(contender, Body($"{reader} {n}"), buffer, ct);
                Interlocked.Increment(ref streams);
                if (one is not { } times) Interlocked.Increment(ref failed);
                else if (counts) seen.Add(times);
                await Task.Delay(random.NextDouble() * s_pause, ct);
            }
        }
    }

    /// <returns>Null when the stream is not whole.</returns>
    private async Task<(double First, double Total)?> ReadAsync(Contender contender, byte[] body, byte[] buffer, CancellationToken ct)
    {
        using var message = contender.Ask(body);
        var started = Stopwatch.GetTimestamp();
        using var response = await contender.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ct);
        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        var (first, lines) = (TimeSpan.Zero, 0);
        while (await stream.ReadAsync(buffer, ct) is > 0 and var read)
        {
            if (lines == 0) first = Stopwatch.GetElapsedTime(started);
            lines += buffer.AsSpan(0, read).Count((byte)'\n');
        }
        return response.IsSuccessStatusCode && lines == 2 * _events ? (first.TotalMilliseconds, Stopwatch.GetElapsedTime(started).TotalMilliseconds) : null;
    }

    private byte[] Body(string name) =>
        Encoding.UTF8.GetBytes($$"""{"model":"model","stream":true,"max_tokens":{{tokens}},"messages":[{"role":"user","content":"{{name}} {{s_prompt}}"}]}""");
}
