using TokenLedger.Contracts;

namespace TokenLedger.Core.Estimation;

/// <summary>
/// How long the answers of a pool's model will be (domain.md §7): learned from requests that have ended, per tenant and workload within the workload of all tenants within the pool. A function of
/// what it was told, in that order, in whole numbers; bounded in memory, whoever has not been heard of for longest is forgotten.
/// </summary>
public sealed class OutputEstimates
{
    /// <summary>Tenants' workloads, workloads of all tenants, and classes of input length of them all that are remembered.</summary>
    public const int MostTenantWorkloads = 512;
    public const int MostWorkloads = 64;
    public const int MostBins = 4_096;

    /// <summary>A quantile of 1, in millionths.</summary>
    public const long One = RecentOutputs.Whole;

    private readonly Dictionary<string, OutputScope> _workloads = [];
    private readonly Dictionary<TenantWorkload, OutputScope> _tenants = [];
    private readonly OutputScope _pool = new(null, new(workload: null));
    private int _bins;

    /// <summary>Outputs learned from so far.</summary>
    public long Learned { get; private set; }

    /// <summary>Output tokens that a request of this length does not exceed, with a probability that is held at the quantile; only once something has been learned.</summary>
    /// <param name="quantile">In millionths.</param>
    public long Upper(TenantId tenant, string? workload, long inputTokens, long quantile)
    {
        var scope = Find(tenant, workload);
        return (scope.Level.Widen(scope.Upper(InputBins.Of(inputTokens), scope.Level.For(quantile))) + RecentOutputs.Milli - 1) / RecentOutputs.Milli;
    }

    /// <summary>Output tokens that a request of this length will most likely come near to; <see cref="DriftEstimate.DefaultBase"/> before anything has been learned.</summary>
    public double Typical(TenantId tenant, string? workload, long inputTokens) =>
        Learned == 0 ? DriftEstimate.DefaultBase : (double)Find(tenant, workload).Typical(InputBins.Of(inputTokens), inputTokens) / RecentOutputs.Milli;

    /// <summary>Takes in how long an answer was.</summary>
    /// <param name="within">Whether it was within what was reserved by an estimate; null when no estimate was reserved.</param>
    /// <param name="quantile">In millionths.</param>
    public void Learn(TenantId tenant, string? workload, long inputTokens, long outputTokens, bool? within, long quantile)
    {
        var (scope, bin) = (Open(tenant, workload ?? ""), InputBins.Of(inputTokens));
        if (within is { } covered) scope.Level.Observe(covered, quantile);
        Learned++;
        for (OutputScope? next = scope; next is not null; next = next.Parent)
        {
            next.LearnedAt = Learned;
            _bins -= next.Bins;
            var parentLearns = next.Learn(bin, inputTokens, outputTokens, quantile, mayGrow: _bins + next.Bins < MostBins);
            _bins += next.Bins;
            if (!parentLearns) break;
        }
    }

    /// <summary>All that is known, to be written into the pool's books.</summary>
    public CarriedEstimates Carry() => new(Learned,
    [
        _pool.Carry(tenant: null, workload: null),
        .. _workloads.OrderBy(scope => scope.Key, StringComparer.Ordinal).Select(scope => scope.Value.Carry(null, scope.Key)),
        .. _tenants.OrderBy(scope => scope.Key.Tenant.Value, StringComparer.Ordinal).ThenBy(scope => scope.Key.Workload, StringComparer.Ordinal)
            .Select(scope => scope.Value.Carry(scope.Key.Tenant, scope.Key.Workload)),
    ]);

    /// <summary>Fills estimates that are still empty.</summary>
    public void Open(CarriedEstimates? carried)
    {
        Learned = carried?.Learned ?? 0;
        foreach (var outputs in carried?.Scopes ?? [])
        {
            var scope = (outputs.Tenant, outputs.Workload) switch
            {
                ({ } tenant, { } workload) => Open(tenant, workload),
                (null, { } workload) => Open(workload),
                _ => _pool,
            };
            scope.Open(outputs);
            _bins += scope.Bins;
        }
    }

    private OutputScope Find(TenantId tenant, string? workload) =>
        _tenants.TryGetValue(new(tenant, workload ?? ""), out var known) ? known : _workloads.GetValueOrDefault(workload ?? "", _pool);

    private OutputScope Open(TenantId tenant, string workload)
    {
        var key = new TenantWorkload(tenant, workload);
        if (_tenants.TryGetValue(key, out var known)) return known;
        var parent = Open(workload);
        if (_tenants.Count == MostTenantWorkloads) Forget(_tenants, _tenants.MinBy(scope => scope.Value.LearnedAt).Key);
        var opened = new OutputScope(parent, new(workload));
        _tenants.Add(key, opened);
        return opened;
    }

    private OutputScope Open(string workload)
    {
        if (_workloads.TryGetValue(workload, out var known)) return known;
        if (_workloads.Count == MostWorkloads)
        {
            var (oldest, forgotten) = _workloads.MinBy(scope => scope.Value.LearnedAt);
            foreach (var (key, scope) in _tenants)
                if (scope.Parent == forgotten) Forget(_tenants, key);
            Forget(_workloads, oldest);
        }
        var opened = new OutputScope(_pool, new(workload));
        _workloads.Add(workload, opened);
        return opened;
    }

    private void Forget<TKey>(Dictionary<TKey, OutputScope> scopes, TKey key) where TKey : notnull
    {
        if (scopes.Remove(key, out var forgotten)) _bins -= forgotten.Bins;
    }

    private readonly record struct TenantWorkload(TenantId Tenant, string Workload);
}
