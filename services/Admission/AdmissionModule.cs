using TokenLedger.Admission.Endpoints;
using TokenLedger.Admission.Operators;
using TokenLedger.Admission.Pools;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Admission;

/// <summary>Admission: decides who may use a pool now, and is the only writer of the pools' streams.</summary>
public static class AdmissionModule
{
    public static void AddAdmission(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<AdmissionOptions>(builder.Configuration, AdmissionOptions.Section);
        services.AddSingleton<PoolWriters>();
        services.AddSingleton<AdmissionMeters>();
        services.AddSingleton(p => new AdmissionPort(p.GetRequiredService<PoolWriters>(), p.GetRequiredService<AdmissionMeters>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<LimitsAge>();
        services.AddHealthChecks().AddCheck<LimitsHealth>("limits");
        services.AddSingleton<LedgerReactions>();
        services.AddSingleton(p => new StreamWriter<OperatorKeyCommand, bool>(
            p.GetRequiredService<ILedger>(), new OperatorKeys(), p.GetRequiredService<TimeProvider>(), new StreamWriterOptions(), p.GetRequiredService<ILogger<OperatorKeys>>()));
        services.AddHostedService<SweepLoop>();

        services.AddLedgerPublisher("admission", [.. EventCatalogue.Kinds.Where(kind => kind.Writer == "Admission").Select(kind => kind.Type)]);
        services.AddLedgerFollower("admission-settlement", [typeof(TokensConsumed)], p => new Reaction(p.GetRequiredService<LedgerReactions>().SettleAsync));
        services.AddLedgerFollower("admission-capacity", [typeof(CapacityChanged)], p => new Reaction(p.GetRequiredService<LedgerReactions>().ApplyCapacityAsync));
        services.AddLedgerFollower("admission-budgets", [typeof(BudgetThresholdReached)], p => new Reaction(p.GetRequiredService<LedgerReactions>().StopAsync));
        services.AddLedgerFollower("admission-limits", [typeof(LimitsAdjusted)], p => new Reaction(p.GetRequiredService<LedgerReactions>().ApplyLimitsAsync));
    }

    public static void MapAdmission(this IEndpointRouteBuilder routes)
    {
        routes.MapPools();
        routes.MapEntitlements();
        routes.MapAdmissions();
        routes.MapAuthorize();
        routes.MapOperatorKeys();
    }
}
