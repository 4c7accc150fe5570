using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Hosting.Access;
using TokenLedger.Ledger;

namespace TokenLedger.Admission.Pools;

/// <summary>One writer for each pool that exists, started when the pool is first spoken of.</summary>
internal sealed class PoolWriters(
    ILedger ledger, LedgerDirectory directory, DirectoryFollower follower, TimeProvider clock, IOptions<AdmissionOptions> options, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<PoolId, Lazy<StreamWriter<PoolRequest, PoolReply>>> _writers = [];

    /// <summary>Sends a command to a pool that exists; null looks at it. A pool that is not known here yet is looked for in the ledger first.</summary>
    /// <returns>Null when there is no such pool.</returns>
    public async Task<PoolReply?> SendAsync(PoolId pool, PoolCommand? command, CancellationToken ct)
    {
        if (directory.FindPool(pool) is null) await follower.RefreshAsync(ct);
        return directory.FindPool(pool) is null ? null : await Writer(pool).SendAsync(new(command), ct);
    }

    /// <summary>Opens or reconfigures a pool.</summary>
    public Task<PoolReply> ConfigureAsync(PoolId pool, PoolSettings settings, CancellationToken ct) =>
        Writer(pool).SendAsync(new(new ConfigurePool(settings)), ct);

    public int QueueLength(PoolId pool) => _writers.TryGetValue(pool, out var writer) && writer.IsValueCreated ? writer.Value.QueueLength : 0;

    private StreamWriter<PoolRequest, PoolReply> Writer(PoolId pool) => _writers.GetOrAdd(pool, id => new(() => new(
        ledger, new PoolModel(id, ledger, options.Value), clock,
        new StreamWriterOptions { QueueCapacity = options.Value.QueueCapacity, MaxBatch = options.Value.MaxBatch },
        loggers.CreateLogger("TokenLedger.Admission.PoolWriter")))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in _writers.Values)
            if (writer.IsValueCreated) await writer.Value.DisposeAsync();
    }
}
