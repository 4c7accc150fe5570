using System.Collections.Concurrent;
using TokenLedger.Contracts;
using TokenLedger.Core.Scaling;
using TokenLedger.Hosting;
using TokenLedger.Hosting.Access;
using TokenLedger.Ledger;

namespace TokenLedger.Autoscaler;

/// <summary>What scaling knows of every pool, folded in memory from the pools' and the fleets' streams.</summary>
internal sealed class FleetPools(ILedger ledger, LedgerDirectory directory, DirectoryFollower follower, TimeProvider clock) : ILedgerHandler
{
    public const string FollowerName = "autoscaler-demand";
    private const int PageSize = 1_000;

    /// <summary>The longest window of the rules: no decision looks further back in a fleet.</summary>
    private static readonly TimeSpan s_fleetMemory = TimeSpan.FromHours(1);
    private static readonly string s_opening = EventCatalogue.WireName<BooksCarriedForward>();

    /// <summary>Everything that pools write, what runs, and the decisions of this or another instance.</summary>
    public static IReadOnlyList<Type> Types { get; } =
        [.. EventCatalogue.Kinds.Where(kind => kind.Stream is "pool-{pool}" or "fleet-{pool}").Select(kind => kind.Type)];

    private readonly ConcurrentDictionary<PoolId, ScalingState> _pools = [];
    private readonly Dictionary<PoolId, long> _versions = [];
    private readonly Lock _gate = new();

    public FollowerCheckpoint Checkpoint => FollowerCheckpoint.KeptByHandler(ct => Position > 0 ? Task.FromResult(Position) : OpenAsync(ct));

    /// <summary>Ledger position up to which events were taken in; 0 until the first look at the ledger is done.</summary>
    public long Position { get; private set; }

    public IReadOnlyCollection<PoolId> Pools => [.. _pools.Keys];

    public Task HandleAsync(IReadOnlyList<RecordedEvent> events, long through, CancellationToken ct)
    {
        lock (_gate)
        {
            foreach (var recorded in events) Take(recorded, PoolOf(recorded.Stream));
            Position = Math.Max(Position, through);
        }
        return Task.CompletedTask;
    }

    private void Take(RecordedEvent recorded, PoolId pool)
    {
        _pools.GetOrAdd(pool, id => new ScalingState(id)).Evolve(recorded);
        if (recorded.Data is CapacityChanged or ScalingDecided) _versions[pool] = Math.Max(recorded.Version, _versions.GetValueOrDefault(pool));
    }

    /// <summary>Decides on what is known, and tells the version of the fleet's stream that this is: whoever has written there since makes the append fail and not the decision wrong.</summary>
    public (ScalingDecided Decided, long Version)? Decide(PoolId pool, Func<ScalingState, ScalingDecided?> decide)
    {
        lock (_gate) return _pools.TryGetValue(pool, out var state) && decide(state) is { } decided ? (decided, _versions.GetValueOrDefault(pool)) : null;
    }

    /// <summary>Reads a pool's state while nothing else touches it.</summary>
    public T? With<T>(PoolId pool, Func<ScalingState, T?> use)
    {
        lock (_gate) return _pools.TryGetValue(pool, out var state) ? use(state) : default;
    }

    public ScalingDecided? LastOf(PoolId pool) => With(pool, state => state.Last?.Decided);

    /// <summary>Starts every pool from books old enough to know the demand, and its fleet from what the windows reach back to; what is appended meanwhile is followed.</summary>
    private async Task<long> OpenAsync(CancellationToken ct)
    {
        var head = await ledger.HeadAsync(ct);
        await follower.RefreshAsync(ct); // Knows every pool up to that head, then.
        foreach (var pool in directory.Pools)
        {
            var events = await PoolAsync(pool, ct);
            events.AddRange(await FleetAsync(Streams.Fleet(pool), ct));
            // Both streams in the order of the ledger, and nothing of either that the other is not complete up to.
            await HandleAsync([.. events.Where(recorded => recorded.Position <= head).OrderBy(recorded => recorded.Position)], through: 0, ct);
        }
        return head;
    }

    private async Task<List<RecordedEvent>> PoolAsync(PoolId pool, CancellationToken ct)
    {
        var stream = Streams.Pool(pool);
        var versions = new List<(long Version, DateTimeOffset At)> { (1, DateTimeOffset.MinValue) };
        LedgerPage page;
        var after = 0L;
        do
        {
            page = await ledger.ReadAllAsync(after, PageSize, [s_opening], stream, ct);
            versions.AddRange(page.Events.Select(opening => (opening.Version, opening.Timestamp)));
            after = page.Through;
        } while (page.Events.Count == PageSize);
        var old = versions.FindLast(opening => opening.At <= clock.GetUtcNow() - ScalingState.Memory).Version;
        try
        {
            return await ReadAsync(stream, old - 1, ct);
        }
        catch (ArchivedEventsException)
        {
            // What the last books carry forward is never archived; demand is known again some minutes after them.
            return await ReadAsync(stream, versions[^1].Version - 1, ct);
        }
    }

    private async Task<List<RecordedEvent>> FleetAsync(string stream, CancellationToken ct)
    {
        var last = await ledger.LastVersionAsync(stream, EventCatalogue.WireName<CapacityChanged>(), ct);
        var from = await ledger.VersionAsync(stream, ct);
        List<RecordedEvent> events = [];
        while (from > 0 && (events.Count == 0 || events[0].Timestamp > clock.GetUtcNow() - s_fleetMemory))
        {
            var before = Math.Max(0, from - PageSize);
            events = [.. await ledger.ReadStreamAsync(stream, before, (int)(from - before), ct), .. events];
            from = before;
        }
        // What runs may have changed last long before.
        if (last > 0 && last <= from) events.InsertRange(0, await ledger.ReadStreamAsync(stream, last - 1, 1, ct));
        return events;
    }

    private async Task<List<RecordedEvent>> ReadAsync(string stream, long version, CancellationToken ct)
    {
        List<RecordedEvent> events = [];
        IReadOnlyList<RecordedEvent> page;
        do
        {
            page = await ledger.ReadStreamAsync(stream, version, PageSize, ct);
            events.AddRange(page);
            version += page.Count;
        } while (page.Count == PageSize);
        return events;
    }

    private static PoolId PoolOf(string stream) => new(stream[(stream.IndexOf('-', StringComparison.Ordinal) + 1)..]);
}
