using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Hosting.Access;
using TokenLedger.Ledger;

namespace TokenLedger.Admission.Pools;

/// <summary>One writer for each pool that exists, started when the pool is first spoken of.</summary>
internal sealed class PoolWriters(
    ILedger ledger, LedgerDirectory directory, DirectoryFollower follower, TimeProvider clock, IOptions<AdmissionOptions> options, IHostApplicationLifetime life, ILoggerFactory loggers)
    : IAsyncDisposable
{
    private readonly ConcurrentDictionary<PoolId, Lazy<PoolWriter>> _writers = [];

    /// <summary>Sends a command to a pool that exists; null looks at it. A pool that is not known here yet is looked for in the ledger first.</summary>
    /// <returns>Null when there is no such pool.</returns>
    public async Task<PoolReply?> SendAsync(PoolId pool, PoolCommand? command, CancellationToken ct)
    {
        if (directory.FindPool(pool) is null) await follower.RefreshAsync(ct);
        if (directory.FindPool(pool) is null) return null;
        var writer = Writer(pool);
        if (command is Admit { WaitMs: > 0 } patient) return await writer.AdmitAsync(patient, null, ct);
        var reply = await writer.SendAsync(command, ct);
        return reply.Caller is null ? reply : await writer.AdmitAsync((Admit)command!, reply, ct);
    }

    /// <summary>Opens or reconfigures a pool.</summary>
    public Task<PoolReply> ConfigureAsync(PoolId pool, PoolSettings settings, CancellationToken ct) => Writer(pool).SendAsync(new ConfigurePool(settings), ct);

    public int QueueLength(PoolId pool) => Find(pool)?.QueueLength ?? 0;

    /// <summary>Requests that wait for capacity.</summary>
    public int Waiting(PoolId pool) => Find(pool)?.Waiting ?? 0;

    private PoolWriter? Find(PoolId pool) => _writers.TryGetValue(pool, out var writer) && writer.IsValueCreated ? writer.Value : null;

    private PoolWriter Writer(PoolId pool) => _writers.GetOrAdd(pool, id => new(() => new(
        new PoolModel(id, ledger, options.Value), ledger, clock,
        new StreamWriterOptions { QueueCapacity = options.Value.QueueCapacity, MaxBatch = options.Value.MaxBatch },
        loggers.CreateLogger("TokenLedger.Admission.PoolWriter"), life.ApplicationStopping))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in _writers.Values)
            if (writer.IsValueCreated) await writer.Value.DisposeAsync();
    }
}
