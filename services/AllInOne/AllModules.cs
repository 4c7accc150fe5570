using TokenLedger.Admission;
using TokenLedger.Autoscaler;
using TokenLedger.Console;
using TokenLedger.Fairness;
using TokenLedger.Gateway;
using TokenLedger.Gateway.Ledger;
using TokenLedger.Metering;

namespace TokenLedger.AllInOne;

/// <summary>Every service's module, for one process.</summary>
internal static class AllModules
{
    public static void Add(WebApplicationBuilder builder)
    {
        builder.AddAdmission();
        builder.AddMetering();
        builder.AddFairness();
        builder.AddAutoscaler();
        builder.Services.AddSingleton<ILedgerPort, InProcessLedgerPort>();
        builder.AddGateway();
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapAdmission();
        app.MapMetering();
        app.MapFairness();
        app.MapAutoscaler();
        app.MapGateway();
        app.MapConsole();
    }
}
