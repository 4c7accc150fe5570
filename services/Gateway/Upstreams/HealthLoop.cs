using System.Globalization;
using Microsoft.Extensions.Options;

namespace TokenLedger.Gateway.Upstreams;

/// <summary>Looks at every server's health and at the load that its metrics tell, under vLLM's names.</summary>
internal sealed class HealthLoop(IUpstreams upstreams, UpstreamClient client, IOptions<GatewayOptions> options, TimeProvider clock) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(options.Value.HealthMs), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await Task.WhenAll(upstreams.All.Select(replica => LookAsync(replica, stoppingToken)));
    }

    private async Task LookAsync(Replica replica, CancellationToken ct)
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(Math.Max(1_000, options.Value.HealthMs)), clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, ct);
            using var health = await client.Http.GetAsync(UpstreamClient.At(replica, "/health"), either.Token);
            // A server without that address answers, and that is all that is asked.
            if ((int)health.StatusCode >= StatusCodes.Status500InternalServerError) throw new HttpRequestException($"It is not healthy: {health.StatusCode}.");
            using var metrics = await client.Http.GetAsync(UpstreamClient.At(replica, "/metrics"), either.Token);
            if (!metrics.IsSuccessStatusCode) return;
            var (waiting, kvUsage) = Read(await metrics.Content.ReadAsStringAsync(either.Token));
            replica.Measured(waiting, kvUsage);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            replica.Failed(clock.GetUtcNow(), options.Value);
        }
    }

    /// <summary>Requests in the queue and the part of the KV cache in use; zero where they are not told.</summary>
    internal static (int Waiting, double KvUsage) Read(string metrics)
    {
        double waiting = 0, usage = 0;
        foreach (var line in metrics.AsSpan().EnumerateLines())
        {
            if (line.StartsWith("vllm:num_requests_waiting")) waiting += Value(line);
            if (line.StartsWith("vllm:kv_cache_usage_perc")) usage = Math.Max(usage, Value(line));
        }
        return ((int)Math.Clamp(waiting, 0, int.MaxValue), Math.Clamp(usage, 0, 1));
    }

    private static double Value(ReadOnlySpan<char> line) =>
        double.TryParse(line[(line.LastIndexOf(' ') + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : 0;
}
