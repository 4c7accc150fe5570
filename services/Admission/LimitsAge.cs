using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;

namespace TokenLedger.Admission;

/// <summary>
/// Since when each pool has decided requests without word from Fairness. Fairness publishes again, changed or not, a while after the last time as long as someone asks
/// for something, so a pool that decides for much longer goes on with limits that nobody adjusts.
/// </summary>
internal sealed class LimitsAge(TimeProvider clock)
{
    private readonly ConcurrentDictionary<PoolId, DateTimeOffset> _since = [];

    public IEnumerable<(PoolId Pool, TimeSpan Age)> Ages => _since.Select(pair => (pair.Key, clock.GetUtcNow() - pair.Value));

    public void Decided(PoolId pool)
    {
        if (!_since.ContainsKey(pool)) _since.TryAdd(pool, clock.GetUtcNow());
    }

    public void Applied(PoolId pool) => _since.TryRemove(pool, out _);
}

/// <summary>Says which pools go on with old limits. That is no reason to send requests elsewhere: the limits hold, and every other instance has the same.</summary>
internal sealed class LimitsHealth(LimitsAge limits, IOptions<AdmissionOptions> options) : IHealthCheck
{
    private const int MostNamed = 10;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var stale = limits.Ages.Where(one => one.Age.TotalSeconds > options.Value.StaleLimitsSeconds).OrderByDescending(one => one.Age).ToList();
        return Task.FromResult(HealthCheckResult.Healthy(stale.Count == 0
            ? null
            : $"No word from Fairness, so the last limits stay: {string.Join(", ", stale.Take(MostNamed).Select(one => $"{one.Pool} for {one.Age.TotalSeconds:0} s"))}{(stale.Count > MostNamed ? $" and {stale.Count - MostNamed} more pools" : "")}."));
    }
}
