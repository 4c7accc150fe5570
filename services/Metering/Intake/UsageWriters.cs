using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Hosting.Access;
using TokenLedger.Ledger;

namespace TokenLedger.Metering.Intake;

/// <summary>One writer for each pool's usage stream, and one for usage whose pool nobody can tell.</summary>
internal sealed class UsageWriters(
    ILedger ledger, UsageRecall recall, LedgerDirectory directory, DirectoryFollower follower, TimeProvider clock, IOptions<MeteringOptions> options, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<StreamWriter<UsageCommand, UsageAnswer>>> _writers = new(StringComparer.Ordinal);

    public Task<UsageAnswer> SendAsync(UsageCommand command, CancellationToken ct) => Writer(command.Pool).SendAsync(command, ct);

    /// <summary>Sends each to the writer of its pool, and returns the answers in the order of the commands.</summary>
    public async Task<UsageAnswer[]> SendAllAsync(IReadOnlyList<UsageCommand> commands, CancellationToken ct)
    {
        var answers = new UsageAnswer[commands.Count];
        await Task.WhenAll(commands.Index().GroupBy(one => one.Item.Pool).Select(async group =>
        {
            var places = group.ToList();
            foreach (var (place, answer) in places.Zip(await Writer(group.Key).SendAllAsync([.. places.Select(one => one.Item)], ct))) answers[place.Index] = answer;
        }));
        return answers;
    }

    /// <summary>Which pool admitted each request, for reports that do not name one: request ids are UUIDs, so at most one pool did.</summary>
    public async Task<IReadOnlyDictionary<RequestId, PoolId>> FindPoolsAsync(IReadOnlyCollection<RequestId> requests, CancellationToken ct)
    {
        if (requests.Count == 0) return new Dictionary<RequestId, PoolId>();
        await follower.RefreshAsync(ct);
        var ids = directory.Pools.SelectMany(pool => requests.Select(request => EventIds.Admission(pool, request))).ToHashSet();
        var found = await ledger.FindAsync(ids, ct);
        return found.Select(e => e.Data).OfType<RequestAdmitted>().DistinctBy(e => e.Request).ToDictionary(e => e.Request, e => e.Pool);
    }

    private StreamWriter<UsageCommand, UsageAnswer> Writer(PoolId? pool) => _writers.GetOrAdd(Streams.Usage(pool), _ => new(() => new(
        ledger, new UsageModel(pool, ledger, recall, directory, follower), clock,
        new StreamWriterOptions { QueueCapacity = options.Value.QueueCapacity, MaxBatch = options.Value.MaxBatch },
        loggers.CreateLogger("TokenLedger.Metering.UsageWriter")))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in _writers.Values)
            if (writer.IsValueCreated) await writer.Value.DisposeAsync();
    }
}
