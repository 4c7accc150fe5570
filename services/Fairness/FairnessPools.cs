using System.Collections.Concurrent;
using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using TokenLedger.Hosting;
using TokenLedger.Hosting.Access;
using TokenLedger.Ledger;

namespace TokenLedger.Fairness;

/// <summary>The fairness state of every pool, folded in memory from the pools' and the fairness streams.</summary>
internal sealed class FairnessPools(ILedger ledger, LedgerDirectory directory, DirectoryFollower follower) : ILedgerHandler
{
    public const string FollowerName = "fairness-demand";
    private const int PageSize = 1_000;

    /// <summary>Everything that pools write, and the ticks of this or another instance.</summary>
    public static IReadOnlyList<Type> Types { get; } =
        [.. EventCatalogue.Kinds.Where(kind => kind.Stream == "pool-{pool}").Select(kind => kind.Type), typeof(LimitsAdjusted)];

    private readonly ConcurrentDictionary<PoolId, FairnessState> _pools = [];
    private readonly Lock _gate = new();

    public FollowerCheckpoint Checkpoint => FollowerCheckpoint.KeptByHandler(ct => Position > 0 ? Task.FromResult(Position) : OpenAsync(ct));

    /// <summary>Ledger position up to which events were taken in; 0 until the first look at the ledger is done.</summary>
    public long Position { get; private set; }

    public IReadOnlyCollection<PoolId> Pools => [.. _pools.Keys];

    public Task HandleAsync(IReadOnlyList<RecordedEvent> events, long through, CancellationToken ct)
    {
        lock (_gate)
        {
            foreach (var recorded in events)
                _pools.GetOrAdd(PoolOf(recorded.Stream), pool => new FairnessState(pool)).Evolve(recorded);
            Position = Math.Max(Position, through);
        }
        return Task.CompletedTask;
    }

    /// <summary>Starts every pool from its last opening, so that a start reads what its books bound and not the whole ledger; what is appended meanwhile is followed.</summary>
    private async Task<long> OpenAsync(CancellationToken ct)
    {
        var head = await ledger.HeadAsync(ct);
        await follower.RefreshAsync(ct); // Knows every pool up to that head, then.
        foreach (var pool in directory.Pools)
        {
            var stream = Streams.Pool(pool);
            var version = Math.Max(0, await ledger.LastVersionAsync(stream, EventCatalogue.WireName<BooksCarriedForward>(), ct) - 1);
            IReadOnlyList<RecordedEvent> page;
            do
            {
                page = await ledger.ReadStreamAsync(stream, version, PageSize, ct);
                await HandleAsync(page, through: 0, ct);
                if (page.Count > 0) version = page[^1].Version;
            } while (page.Count == PageSize);
        }
        return head;
    }

    /// <summary>Reads or ticks a pool's state while nothing else touches it.</summary>
    public T? With<T>(PoolId pool, Func<FairnessState, T?> use)
    {
        lock (_gate) return _pools.TryGetValue(pool, out var state) ? use(state) : default;
    }

    /// <summary>A tick of this instance was not recorded.</summary>
    public void Lost(PoolId pool, LimitsAdjusted adjusted)
    {
        lock (_gate) _pools[pool].Lost(adjusted);
    }

    private static PoolId PoolOf(string stream) => new(stream[(stream.IndexOf('-', StringComparison.Ordinal) + 1)..]);
}
