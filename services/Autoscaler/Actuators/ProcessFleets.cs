using System.Collections.Concurrent;
using TokenLedger.Autoscaler.Engines;
using TokenLedger.Contracts;

namespace TokenLedger.Autoscaler.Actuators;

/// <summary>The processes of all pools. They stop with the service, unless it is killed: then the next start takes them over.</summary>
internal sealed class ProcessFleets(EngineScraper scraper, TimeProvider clock, ILogger<ProcessFleets> log) : IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<PoolId, ProcessFleet> _fleets = [];

    public ProcessFleet Of(PoolId pool, ProcessFleetOptions options) => _fleets.GetOrAdd(pool, id => new(id, options, scraper, clock, log));

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var fleet in _fleets.Values) fleet.Terminate();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        foreach (var fleet in _fleets.Values) fleet.Dispose();
    }
}
