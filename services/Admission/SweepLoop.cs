using Microsoft.Extensions.Options;
using TokenLedger.Admission.Pools;
using TokenLedger.Core.Pools;
using TokenLedger.Hosting.Access;
using TokenLedger.Ledger;

namespace TokenLedger.Admission;

/// <summary>Ends leases that have run out and follows the calendar, in every pool, whether or not anyone asks for it.</summary>
internal sealed class SweepLoop(PoolWriters pools, LedgerDirectory directory, IOptions<AdmissionOptions> options, TimeProvider clock, ILogger<SweepLoop> log) : BackgroundService
{
    private const int MostSweepsInARow = 100;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(options.Value.SweepIntervalMs), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await Task.WhenAll(directory.Pools.Select(async pool =>
            {
                try
                {
                    // A sweep ends a bounded number of leases; a pool where more have run out is swept again at once, others' commands in between.
                    for (var sweeps = 0; sweeps < MostSweepsInARow && (await pools.SendAsync(pool, new Sweep(), stoppingToken))?.Answer is Done { Changed: true };) sweeps++;
                }
                catch (Exception e) when (e is LedgerUnavailableException or QueueFullException)
                {
                    log.LogWarning("Pool {Pool} was not swept and will be next time: {Reason}", pool, e.Message);
                }
            }));
    }
}
