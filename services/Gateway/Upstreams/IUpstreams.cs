using Microsoft.Extensions.Options;
using TokenLedger.Contracts;

namespace TokenLedger.Gateway.Upstreams;

/// <summary>Where the inference servers of a pool are.</summary>
internal interface IUpstreams
{
    IReadOnlyList<Replica> Of(PoolId pool);

    IEnumerable<Replica> All { get; }

    IEnumerable<PoolId> Pools { get; }
}

/// <summary>Those of the settings.</summary>
internal sealed class ConfiguredUpstreams(IOptions<GatewayOptions> options) : IUpstreams
{
    private readonly Dictionary<PoolId, IReadOnlyList<Replica>> _pools = options.Value.Upstreams.ToDictionary(
        pair => PoolId.Parse(pair.Key), pair => (IReadOnlyList<Replica>)[.. pair.Value.Select(url => new Replica(new(url.TrimEnd('/'))))]);

    public IReadOnlyList<Replica> Of(PoolId pool) => _pools.GetValueOrDefault(pool, []);

    public IEnumerable<PoolId> Pools => _pools.Keys;

    public IEnumerable<Replica> All => _pools.Values.SelectMany(replicas => replicas);
}
