using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace TokenLedger.Hosting;

/// <summary>The database answers.</summary>
internal sealed class DatabaseHealth(HeadProbe probe) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (head, reason) = await probe.AskAsync(cancellationToken);
        return head is null ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy($"The head is at {head}.");
    }
}

/// <summary>No follower stands still while the ledger's head is ahead of it.</summary>
internal sealed class FollowerHealth(HeadProbe probe, IEnumerable<LedgerFollower> followers, IOptions<HealthOptions> options) : IHealthCheck
{
    public const string Projections = "projections";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (head, reason) = await probe.AskAsync(cancellationToken);
        if (head is not { } known) return HealthCheckResult.Unhealthy(reason);
        var standings = followers.Select(follower => (Follower: follower, Standing: Standing(follower, known))).ToArray();
        var data = new Dictionary<string, object> { [Projections] = standings.Select(one => one.Standing).ToArray() };
        var stalled = standings.Where(one => one.Standing.SecondsStanding > options.Value.StallSeconds).Select(one => Describe(one.Follower, one.Standing)).ToArray();
        return stalled.Length == 0 ? HealthCheckResult.Healthy(data: data) : HealthCheckResult.Unhealthy(string.Join(' ', stalled), data: data);
    }

    private static ProjectionStanding Standing(LedgerFollower follower, long head)
    {
        // The head was asked for first, so a follower may have passed it meanwhile.
        var position = follower.Position;
        var lag = Math.Max(0, head - position);
        return new(follower.Name, position, Math.Max(head, position), lag, lag == 0 ? 0 : Math.Round(follower.Standing.TotalSeconds, 3));
    }

    private static string Describe(LedgerFollower follower, ProjectionStanding standing)
    {
        var cause = follower.Failure is { } failure ? $" ({failure})" : "";
        return $"{standing.Name} has stood at {standing.Position} for {standing.SecondsStanding:0} s while the head is {standing.Head}{cause}.";
    }
}
