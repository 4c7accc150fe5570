using TokenLedger.Contracts;

namespace TokenLedger.Hosting.Access;

/// <summary>An entitlement as the directory knows it.</summary>
public sealed record DirectoryEntitlement(PoolId Pool, EntitlementId Entitlement, EntitlementTerms Terms);

/// <summary>
/// Who and what exists: pools, entitlements and the hashes of keys, folded from the ledger's configuration events. Every process keeps its own;
/// it is small and read by all requests, so readers take no lock.
/// </summary>
public sealed class LedgerDirectory
{
    /// <summary>The configuration events. The index in Access/Schema holds exactly these.</summary>
    public static IReadOnlyList<string> Types { get; } =
    [
        EventCatalogue.WireName<PoolOpened>(), EventCatalogue.WireName<PoolReconfigured>(),
        EventCatalogue.WireName<EntitlementGranted>(), EventCatalogue.WireName<EntitlementAmended>(),
        EventCatalogue.WireName<KeyIssued>(), EventCatalogue.WireName<KeyRevoked>(),
        EventCatalogue.WireName<OperatorKeyIssued>(), EventCatalogue.WireName<OperatorKeyRevoked>(),
    ];

    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, Caller> _callers = new(StringComparer.Ordinal);
    private readonly System.Collections.Concurrent.ConcurrentDictionary<KeyId, string> _hashes = [];
    private readonly System.Collections.Concurrent.ConcurrentDictionary<PoolId, PoolSettings> _pools = [];
    private readonly System.Collections.Concurrent.ConcurrentDictionary<(PoolId, EntitlementId), DirectoryEntitlement> _entitlements = [];

    /// <summary>Ledger position up to which it is complete.</summary>
    public long Position { get; internal set; }

    public IReadOnlyCollection<PoolId> Pools => [.. _pools.Keys];

    public IEnumerable<OperatorCaller> Operators => _callers.Values.OfType<OperatorCaller>();

    public Caller? FindCaller(string keyHash) => _callers.GetValueOrDefault(keyHash);

    public PoolSettings? FindPool(PoolId pool) => _pools.GetValueOrDefault(pool);

    public DirectoryEntitlement? FindEntitlement(PoolId pool, EntitlementId entitlement) => _entitlements.GetValueOrDefault((pool, entitlement));

    internal void Evolve(ILedgerEvent data)
    {
        switch (data)
        {
            case PoolOpened e: _pools[e.Pool] = e.Settings; break;
            case PoolReconfigured e: _pools[e.Pool] = e.Settings; break;
            case EntitlementGranted e: Grant(e); break;
            case EntitlementAmended e: _entitlements[(e.Pool, e.Entitlement)] = new(e.Pool, e.Entitlement, e.Terms); break;
            case KeyIssued e: Add(e.KeyHash, new InferenceCaller(e.Key, e.Pool, e.Entitlement)); break;
            case KeyRevoked e: Remove(e.Key); break;
            case OperatorKeyIssued e: Add(e.KeyHash, new OperatorCaller(e.Key, e.Name, e.Roles, e.Tenant)); break;
            case OperatorKeyRevoked e: Remove(e.Key); break;
        }
    }

    internal void Add(string keyHash, Caller caller) => (_callers[keyHash], _hashes[caller.Key]) = (caller, keyHash);

    /// <summary>
    /// Keys of a revoked entitlement stay known, so that their holders are told that it is revoked and not that the key is wrong;
    /// they do not come back to life when the name is granted again.
    /// </summary>
    private void Grant(EntitlementGranted e)
    {
        foreach (var former in _callers.Values.OfType<InferenceCaller>().Where(c => c.Pool == e.Pool && c.Entitlement == e.Entitlement)) Remove(former.Key);
        _entitlements[(e.Pool, e.Entitlement)] = new(e.Pool, e.Entitlement, e.Terms);
    }

    private void Remove(KeyId key)
    {
        if (_hashes.TryRemove(key, out var hash)) _callers.TryRemove(hash, out _);
    }
}
