using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Autoscaler.Acting;

/// <summary>Scales every pool, period after period, while this instance is the one that acts; another stands by and shows what is decided.</summary>
internal sealed class ScalingLoop : BackgroundService
{
    private const int PoolsAtATime = 16;
    private readonly ConcurrentDictionary<PoolId, PoolScaler> _scalers = [];
    private readonly ScalingParts _parts;
    private readonly ActingLock _acting;
    private readonly LedgerFollower _follower;
    private readonly ILedger _ledger;
    private readonly TimeProvider _clock;
    private readonly ILogger<ScalingLoop> _log;
    private readonly TimeSpan _period;
    private DateTimeOffset _caughtUpAt;
    private bool _failing;

    public ScalingLoop(
        ScalingParts parts, ActingLock acting, [FromKeyedServices(FleetPools.FollowerName)] LedgerFollower follower, ILedger ledger, AutoscalerMeters meters, IOptions<AutoscalerOptions> options, TimeProvider clock,
        ILogger<ScalingLoop> log)
    {
        (_parts, _acting, _follower, _ledger, _clock, _log) = (parts, acting, follower, ledger, clock, log);
        _period = TimeSpan.FromSeconds(options.Value.PeriodSeconds);
        meters.Track(() => _acting.IsHeld, () => _scalers.Select(scaler => (scaler.Key, scaler.Value.Actuation.Now.Failures)));
    }

    /// <summary>What runs for a pool; null where this instance stands by.</summary>
    public FleetView? ViewOf(PoolId pool) => _acting.IsHeld && _scalers.TryGetValue(pool, out var scaler) ? scaler.View : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _caughtUpAt = _clock.GetUtcNow();
        using var timer = new PeriodicTimer(_period, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await RoundAsync(stoppingToken);
        }
        finally
        {
            // No attempt of this instance may be under way when another one begins.
            await Task.WhenAll(_scalers.Values.Select(scaler => scaler.Actuation.SettledAsync()));
            await _acting.DisposeAsync();
        }
    }

    private async Task RoundAsync(CancellationToken ct)
    {
        try
        {
            var acted = _acting.IsHeld;
            if (!await _acting.TryAsync(ct)) return;
            if (!acted) _log.LogInformation("This instance scales now.");
            await CatchUpAsync(ct);
            await Parallel.ForEachAsync(_parts.Pools.Pools, new ParallelOptions { MaxDegreeOfParallelism = PoolsAtATime, CancellationToken = ct }, async (pool, _) => await RoundAsync(pool, ct));
            _failing = false;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            if (!_failing) _log.LogWarning("Nothing is scaled until the ledger answers: {Reason}", e.Message);
            _failing = true;
        }
    }

    /// <summary>Waits until everything that is in the ledger now has been taken in, for a period at most: a decision of less knows by its age how much less.</summary>
    private async Task CatchUpAsync(CancellationToken ct)
    {
        var (head, now) = (await _ledger.HeadAsync(ct), _clock.GetUtcNow());
        using var late = new CancellationTokenSource(_period, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            await _follower.WaitForAsync(head, either.Token);
            _caughtUpAt = now;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            _log.LogWarning("The view of the ledger stands at {Position}, behind its head {Head}.", _follower.Position, head);
        }
    }

    private async Task RoundAsync(PoolId pool, CancellationToken ct)
    {
        try
        {
            await _scalers.GetOrAdd(pool, _parts.For).RoundAsync(_caughtUpAt, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            _log.LogWarning("A round of pool {Pool} failed and the next one goes on from here: {Reason}", pool, e.Message);
        }
    }
}
