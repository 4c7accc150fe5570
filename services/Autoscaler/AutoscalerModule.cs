using TokenLedger.Contracts;
using TokenLedger.Hosting;

namespace TokenLedger.Autoscaler;

/// <summary>Autoscaler: takes in what really runs. The only writer of the fleet streams.</summary>
public static class AutoscalerModule
{
    public static void AddAutoscaler(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<FleetWriters>();
        builder.Services.AddLedgerPublisher("autoscaler", [typeof(CapacityChanged)]);
    }

    public static void MapAutoscaler(this IEndpointRouteBuilder routes) => CapacityEndpoints.Map(routes);
}
