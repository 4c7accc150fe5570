using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace TokenLedger.Gateway.Upstreams;

/// <summary>Looks at every server's health and at the load that its metrics tell, under vLLM's names.</summary>
internal sealed class HealthLoop(IUpstreams upstreams, UpstreamClient client, IOptions<GatewayOptions> options, TimeProvider clock) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(options.Value.HealthMs), clock);
        do await Task.WhenAll(upstreams.All.Select(replica => LookAsync(replica, stoppingToken)));
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task LookAsync(Replica replica, CancellationToken ct)
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(Math.Max(1_000, options.Value.HealthMs)), clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, ct);
            using var health = await client.Http.GetAsync(UpstreamClient.At(replica, options.Value.HealthPath), either.Token);
            // A server without that address answers, and that is all that is asked.
            replica.Said(refuses: (int)health.StatusCode >= StatusCodes.Status500InternalServerError, clock.GetUtcNow());
            using var metrics = await client.Http.GetAsync(UpstreamClient.At(replica, "/metrics"), either.Token);
            if (!metrics.IsSuccessStatusCode) return;
            var (waiting, kvUsage) = Read(await metrics.Content.ReadAsStringAsync(either.Token));
            replica.Measured(waiting, kvUsage);
        }
        // Nobody listens there, which is as clear as a refusal.
        catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
        {
            replica.Said(refuses: true, clock.GetUtcNow());
        }
        // No answer may be the network's doing, or too much to do: that counts like a request that failed.
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
