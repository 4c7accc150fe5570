using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace TokenLedger.Hosting;

/// <summary>Health for whoever starts, stops and balances processes: open to all, for it says nothing about tenants.</summary>
public static class HealthServices
{
    public static IServiceCollection AddTokenLedgerHealth(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<HealthOptions>(configuration, HealthOptions.Section);
        services.AddSingleton<HeadProbe>();
        services.AddHealthChecks().AddCheck<DatabaseHealth>("database").AddCheck<FollowerHealth>(FollowerHealth.Projections);
        return services;
    }

    public static void MapTokenLedgerHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/livez", () => TypedResults.Json(new Liveness("live"), HealthJson.Default.Liveness)).AllowAnonymous().WithTags("Health");
        routes.MapGet("/readyz", AnswerAsync).AllowAnonymous().WithTags("Health").Produces<Readiness>().Produces<Readiness>(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> AnswerAsync(HealthCheckService health, CancellationToken ct)
    {
        var report = await health.CheckHealthAsync(ct);
        // A degraded bus is one that does not deliver: only what is wholly well is ready.
        var ready = report.Status == HealthStatus.Healthy;
        var readiness = new Readiness(
            ready ? "ready" : "not-ready",
            [.. report.Entries.Select(entry => new ReadinessCheck(entry.Key, Word(entry.Value.Status), entry.Value.Description)).OrderBy(check => check.Name, StringComparer.Ordinal)],
            [.. report.Entries.Values.SelectMany(Standings).OrderBy(standing => standing.Name, StringComparer.Ordinal)]);
        return TypedResults.Json(readiness, HealthJson.Default.Readiness, statusCode: ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static IEnumerable<ProjectionStanding> Standings(HealthReportEntry entry) =>
        entry.Data.TryGetValue(FollowerHealth.Projections, out var standings) ? (ProjectionStanding[])standings : [];

    private static string Word(HealthStatus status) => status.ToString().ToLowerInvariant();
}
