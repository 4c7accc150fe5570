using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using TokenLedger.Autoscaler.Acting;
using TokenLedger.Autoscaler.Actuators;
using TokenLedger.Autoscaler.Endpoints;
using TokenLedger.Autoscaler.Engines;
using TokenLedger.Contracts;
using TokenLedger.Hosting;

namespace TokenLedger.Autoscaler;

/// <summary>Autoscaler: decides how many replicas should run, lets an actuator or a cluster act, and takes in what really runs. The only writer of the fleet streams.</summary>
public static class AutoscalerModule
{
    public static void AddAutoscaler(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<AutoscalerOptions>(builder.Configuration, AutoscalerOptions.Section);
        services.AddSingleton<CapacityReports>();
        services.AddSingleton<FleetPools>();
        services.AddSingleton<AutoscalerMeters>();
        services.AddSingleton<EngineScraper>();
        services.AddSingleton<KubernetesApi>();
        services.AddSingleton<ProcessFleets>();
        services.AddSingleton<ActingLock>();
        services.AddSingleton<ScalingParts>();
        services.AddSingleton<ScalingLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<ProcessFleets>());
        services.AddHostedService(provider => provider.GetRequiredService<ScalingLoop>());
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<AutoscalerOptions>>((kestrel, options) => ExternalMetricsAccess.AskForCertificates(kestrel, options.Value.ExternalMetrics));
        ExternalMetricsAccess.Add(services);
        services.AddLedgerPublisher("autoscaler", [.. EventCatalogue.Kinds.Where(kind => kind.Writer == "Autoscaler").Select(kind => kind.Type)]);
        services.AddLedgerFollower(FleetPools.FollowerName, FleetPools.Types, provider => provider.GetRequiredService<FleetPools>());
    }

    public static void MapAutoscaler(this IEndpointRouteBuilder routes)
    {
        CapacityEndpoints.Map(routes);
        ScalingEndpoints.Map(routes);
        ExternalMetricsEndpoints.Map(routes);
    }
}
