using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Fairness;

/// <summary>
/// Ticks every pool at its own period and appends what changed. A tick waits until everything that was in the ledger when it began has been taken in, so that a start or
/// a pause never makes one of half a demand. Of two instances the stream's version lets one append; the other takes over what that one wrote.
/// </summary>
internal sealed class TickLoop(
    FairnessPools pools, [FromKeyedServices(FairnessPools.FollowerName)] LedgerFollower follower, ILedger ledger,
    IOptions<FairnessOptions> options, IMeterFactory meters, TimeProvider clock, ILogger<TickLoop> log) : BackgroundService
{
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;
    private readonly TimeSpan _longestSilence = TimeSpan.FromSeconds(options.Value.LongestSilenceSeconds);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        meters.Create("TokenLedger.Fairness").CreateObservableGauge("tokenledger.fairness.limits_age", Ages, "s", "Time since a pool's last tick, whether or not it was published.");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(options.Value.LoopMs), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await TickAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning("A fairness tick failed and the next one goes on from here: {Reason}", e.Message);
            }
        }
    }

    private async Task TickAsync(CancellationToken ct)
    {
        var due = pools.Pools.Where(pool => IsDue(pool, Now())).ToList();
        if (due.Count == 0) return;
        await follower.WaitForAsync(await ledger.HeadAsync(ct), ct);
        foreach (var pool in due) await TickAsync(pool, ct);
    }

    private async Task TickAsync(PoolId pool, CancellationToken ct)
    {
        // The version is read before the state decides: whoever appends in between makes this append fail and not the tick wrong.
        var stream = Streams.Fairness(pool);
        var version = await ledger.VersionAsync(stream, ct);
        var now = Now();
        // Another instance's tick may have come with what was waited for.
        if (!IsDue(pool, now) || pools.With(pool, state => FairnessDecisions.Tick(state, now, _longestSilence)) is not { } adjusted) return;
        try
        {
            await ledger.AppendAsync(stream, version, [new NewEvent(Guid.CreateVersion7(now), now, adjusted)], ct);
        }
        catch (VersionConflictException)
        {
            pools.Lost(pool, adjusted);
            log.LogInformation("Another instance ticks pool {Pool}; this one follows.", pool);
        }
    }

    private IEnumerable<Measurement<double>> Ages()
    {
        foreach (var pool in pools.Pools)
            if (pools.With(pool, state => clock.GetUtcNow() - state.TickedAt) is { } age)
                yield return new(age.TotalSeconds, new KeyValuePair<string, object?>("pool", pool.Value));
    }

    private bool IsDue(PoolId pool, DateTimeOffset now) =>
        pools.With(pool, state => state.Pool.Settings is { } settings && !(now - state.TickedAt < TimeSpan.FromMilliseconds(settings.TickMs)));

    /// <summary>The time in whole microseconds, as the ledger keeps it.</summary>
    private DateTimeOffset Now() => clock.GetUtcNow() is var now ? now.AddTicks(-(now.Ticks % TicksPerMicrosecond)) : default;
}
