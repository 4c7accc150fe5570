using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;
using TokenLedger.Metering.Budgets;
using TokenLedger.Metering.Intake;
using TokenLedger.Metering.Prices;
using TokenLedger.Metering.Statements;
using TokenLedger.Metering.Views;

namespace TokenLedger.Metering;

/// <summary>Metering: records what was consumed, and answers what was. The only writer of the usage streams.</summary>
public static class MeteringModule
{
    public static void AddMetering(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<MeteringOptions>(builder.Configuration, MeteringOptions.Section);
        services.AddSingleton<UsageRecall>();
        services.AddSingleton<UsageWriters>();
        services.AddSingleton<LostEnds>();
        services.AddSingleton<UsageInbox>();
        services.AddSingleton<CorrectionIntake>();
        services.AddSingleton<UsageIntake>();
        services.AddSingleton(p => new UsagePort(p.GetRequiredService<UsageIntake>()));
        services.AddSingleton<MeteringMeters>();
        services.AddSingleton<UsageQueries>();
        services.AddSingleton<UsageFreshness>();
        services.AddSingleton<Projector>();
        services.AddSingleton<UsageProjection>();
        services.AddSingleton<BillingLines>();
        services.AddSingleton<ConsumedTokens>();
        services.AddSingleton<BudgetWatch>();
        services.AddSingleton<StatementClosing>();
        services.AddSingleton<ClosingHistory>();
        if (builder.Configuration.GetValue($"{MeteringOptions.Section}:{nameof(MeteringOptions.Scheduled)}", defaultValue: true)) services.AddClosingSchedule();
        services.AddSingleton(p => new StreamWriter<PriceSet, PriceAnswer>(
            p.GetRequiredService<ILedger>(), new PriceModel(), p.GetRequiredService<TimeProvider>(), new StreamWriterOptions(), p.GetRequiredService<ILogger<PriceModel>>()));
        services.AddSchema((provider, ct) => SchemaMigrator.UpgradeAsync(
            provider.GetRequiredService<NpgsqlDataSource>(), "metering", typeof(MeteringModule).Assembly, "TokenLedger.Metering.Views.Schema.", ct));

        services.AddLedgerPublisher("metering", [.. EventCatalogue.Kinds.Where(kind => kind.Writer == "Metering").Select(kind => kind.Type)]);
        services.AddLedgerFollower(UsageProjection.FollowerName, UsageProjection.Events, provider => provider.GetRequiredService<UsageProjection>());
        services.AddBusInbox(provider => provider.GetRequiredService<UsageInbox>());
        services.AddLedgerFollower(LostEnds.FollowerName, [typeof(ReservationExpired)], provider => new Reaction(provider.GetRequiredService<LostEnds>().BillAsync));
    }

    public static void MapMetering(this IEndpointRouteBuilder routes)
    {
        routes.MapUsageIntake();
        routes.MapUsageCorrections();
        routes.MapUsageQueries();
        routes.MapPrices();
        routes.MapEntitlementValue();
        routes.MapStatements();
    }
}
