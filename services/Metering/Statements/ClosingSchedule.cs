using Microsoft.Extensions.Options;
using Npgsql;
using Quartz;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Metering.Statements;

/// <summary>Quartz runs the closing: once at start and then at an interval, on one of the instances that share the database.</summary>
internal static class ClosingSchedule
{
    private const string Schema = "quartz";
    private const string Name = "statements";
    private static readonly TimeSpan s_missedRuns = TimeSpan.FromSeconds(2);

    public static void AddClosingSchedule(this IServiceCollection services)
    {
        services.AddKeyedSingleton(Schema, (provider, _) => LedgerDatabase.Open(provider.GetRequiredService<IOptions<PostgresOptions>>().Value.ConnectionString, Schema));
        services.AddSchema((provider, ct) => SchemaMigrator.UpgradeAsync(
            provider.GetRequiredKeyedService<NpgsqlDataSource>(Schema), "schedule", typeof(ClosingSchedule).Assembly, "TokenLedger.Metering.Statements.Schema.", ct));
        services.AddQuartz(quartz =>
        {
            quartz.UsePersistentStore(store =>
            {
                store.UsePostgres(database => database.DataSourceFactory = provider => provider.GetRequiredKeyedService<NpgsqlDataSource>(Schema));
                store.ProvisionSchema();
                // A clock that jumps makes the trigger late, and only this look finds late ones.
                store.ConfigureStore(options => options.MisfireHandlerFrequency = s_missedRuns);
                store.UseClustering();
            });
            quartz.ScheduleJob<ClosingJob>(
                (provider, trigger) => trigger.WithIdentity(Name).WithSimpleSchedule(schedule => schedule
                    .WithInterval(provider.GetRequiredService<IOptions<MeteringOptions>>().Value.ClosingInterval).RepeatForever()
                    .WithMisfireInstruction(SimpleTriggerMisfireInstruction.NowWithExistingCount)),
                (_, job) => job.WithIdentity(Name).RequestRecovery());
        });
        services.AddQuartzHostedService(hosted => hosted.WaitForJobsToComplete = true);
    }
}

/// <summary>The job: all it does stands in <see cref="StatementClosing"/>, which may be interrupted and repeated anywhere.</summary>
[DisallowConcurrentExecution]
internal sealed class ClosingJob(ClosingHistory history) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await history.RunAsync(ClosingHistory.Scheduler, cancellationToken);
}
