using Microsoft.Extensions.Options;
using TokenLedger.Core.Routing;

namespace TokenLedger.Gateway.Upstreams;

/// <summary>Chooses the server of each request by the policy of the settings.</summary>
internal sealed class ReplicaChooser(IOptions<GatewayOptions> options, TimeProvider clock)
{
    private const int KnownBlocks = 200_000;
    private readonly Lock _lock = new();
    private readonly PrefixIndex<Replica> _index = new(KnownBlocks);
    private uint _turn;

    /// <param name="slots">Sequences that one server runs at once.</param>
    /// <param name="tried">Servers that have failed this request already.</param>
    /// <returns>Null when all were tried. When all others are ejected they are used all the same: a wrong guess costs an error, no try costs the request.</returns>
    public Replica? Choose(IReadOnlyList<Replica> replicas, IReadOnlyList<ulong> blocks, IReadOnlyCollection<Replica> tried, int slots)
    {
        var now = clock.GetUtcNow();
        var prefix = options.Value.Policy == ReplicaPolicy.Prefix;
        var matched = new int[replicas.Count];
        if (prefix)
            lock (_lock)
                for (var i = 0; i < matched.Length; i++) matched[i] = _index.Matched(replicas[i], blocks);
        ReplicaLoad[] loads = [.. replicas.Zip(matched, (replica, blocksRead) => replica.Load(now, options.Value, blocksRead, slots))];
        var allOut = !replicas.Zip(loads).Any(one => one.Second.Available && !tried.Contains(one.First));
        for (var i = 0; i < loads.Length; i++) loads[i] = loads[i] with { Available = !tried.Contains(replicas[i]) && (allOut || loads[i].Available) };
        var chosen = ReplicaChoice.Choose(options.Value.Policy, loads, Interlocked.Increment(ref _turn), (uint)Random.Shared.NextInt64(uint.MaxValue));
        if (chosen < 0) return null;
        if (prefix)
            lock (_lock) _index.Learn(replicas[chosen], blocks);
        return replicas[chosen];
    }
}
