using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Gateway.Answers;

namespace TokenLedger.Gateway.Upstreams;

/// <summary>What a server can know of a request: nothing, what it used, that it still runs; or it cannot be asked now.</summary>
internal enum Knowledge { None, Ended, Runs, Away }

/// <param name="Usage">Where the request has ended.</param>
internal readonly record struct ServerSays(Knowledge Knowledge, UsageTally? Usage);

/// <summary>What is known of a request when all of its pool's servers were asked.</summary>
/// <param name="Usage">Null where none of them used anything for it.</param>
/// <param name="IsSure">False when another answer may come later.</param>
internal readonly record struct Inquired(UsageTally? Usage, bool IsSure)
{
    /// <summary>
    /// Of several servers that used something for a request the last carried it out, and those before failed before their first byte reached the client: the one that made most counts.
    /// What one still makes, or one that is away may have made, is waited for.
    /// </summary>
    public static Inquired Of(IReadOnlyList<ServerSays> servers)
    {
        var most = servers.Select(server => server.Usage).OfType<UsageTally>().Where(usage => usage.Input > 0 || usage.Output > 0).MaxBy(usage => (usage.Output ?? 0, usage.Input ?? 0));
        return new(most, servers.All(server => server.Knowledge != Knowledge.Runs && (most is not null || server.Knowledge != Knowledge.Away)));
    }
}

/// <summary>Asks servers what a request used, where they can be asked: it is what nobody else knows when the one who was listening has gone.</summary>
internal sealed class UsageInquiry(UpstreamClient client, IOptions<GatewayOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    public bool IsPossible => !string.IsNullOrEmpty(options.Value.UsagePath);

    /// <summary>Asks once, and again until the answer is sure or the time is over.</summary>
    /// <param name="over">Ends the repetitions; what is known then is returned.</param>
    public async Task<Inquired> AskAsync(IReadOnlyList<Replica> servers, RequestId request, CancellationToken over, CancellationToken ct)
    {
        for (var pause = s_pause; ; pause = TimeSpan.FromTicks(Math.Min(s_longestPause.Ticks, 2 * pause.Ticks)))
        {
            var known = Inquired.Of(await Task.WhenAll(servers.Select(server => client.UsedAsync(server, request, clock, ct))));
            if (known.IsSure || over.IsCancellationRequested) return known;
            await Task.Delay(pause, clock, over).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }
}
