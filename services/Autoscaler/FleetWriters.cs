using System.Collections.Concurrent;
using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Autoscaler;

/// <summary>One writer for each pool's fleet.</summary>
internal sealed class FleetWriters(ILedger ledger, TimeProvider clock, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<PoolId, Lazy<StreamWriter<ReportCapacity, long>>> _writers = [];

    public Task<long> SendAsync(PoolId pool, ReportCapacity report, CancellationToken ct) => _writers.GetOrAdd(pool, id => new(() =>
        new(ledger, new FleetModel(id), clock, new StreamWriterOptions(), loggers.CreateLogger("TokenLedger.Autoscaler.FleetWriter")))).Value.SendAsync(report, ct);

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in _writers.Values)
            if (writer.IsValueCreated) await writer.Value.DisposeAsync();
    }
}
