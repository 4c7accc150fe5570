using TokenLedger.Contracts;
using TokenLedger.Hosting;

namespace TokenLedger.Fairness;

/// <summary>Fairness: what each entitlement asked for and got, tick by tick. The only writer of the fairness streams.</summary>
public static class FairnessModule
{
    public static void AddFairness(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<FairnessOptions>(builder.Configuration, FairnessOptions.Section);
        services.AddSingleton<FairnessPools>();
        services.AddHostedService<TickLoop>();
        services.AddLedgerPublisher("fairness", [typeof(LimitsAdjusted)]);
        services.AddLedgerFollower(FairnessPools.FollowerName, FairnessPools.Types, provider => provider.GetRequiredService<FairnessPools>());
    }

    public static void MapFairness(this IEndpointRouteBuilder routes) => FairnessEndpoints.Map(routes);
}
