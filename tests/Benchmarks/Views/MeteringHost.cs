using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;
using TokenLedger.Metering;
using TokenLedger.Metering.Budgets;
using TokenLedger.Metering.Views;

namespace TokenLedger.Benchmarks.Views;

/// <summary>The metering service in this process: its publisher, and the usage view that follows the ledger over the bus or by itself.</summary>
internal sealed class MeteringHost : IAsyncDisposable
{
    private const string UsageView = "metering-usage";
    private readonly WebApplication _app;
    private bool _started;

    /// <param name="broker">Null for the bus in memory.</param>
    /// <param name="seals">False when sealing is left to another process, as it mostly is: one seals at a time.</param>
    public MeteringHost(string connection, Uri? broker = null, bool seals = true)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["TokenLedger:Postgres:ConnectionString"] = connection;
        builder.Configuration["TokenLedger:Bus:RabbitMq"] = broker?.ToString();
        builder.AddTokenLedgerHosting("bench", "http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        if (broker is null) builder.AddMetering();
        else AddViewBehindBroker(builder.Services);
        if (!seals) builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(SealingLoop)));
        builder.Services.Replace(ServiceDescriptor.Singleton<ILedger>(provider => CountedReads.Of(ActivatorUtilities.CreateInstance<PostgresLedger>(provider))));
        _app = builder.Build();
        Ledger = _app.Services.GetRequiredService<ILedger>();
        View = _app.Services.GetRequiredKeyedService<LedgerFollower>(UsageView);
    }

    public ILedger Ledger { get; }

    public LedgerFollower View { get; }

    /// <summary>Events read from the ledger so far, by the publisher and by the view.</summary>
    public long EventsRead => ((CountedReads)Ledger).Events;

    /// <summary>Metering reads its own usage from its own ledger; what a broker brings is for those who do not write it. So here the same view is another's, who follows one type.</summary>
    private static void AddViewBehindBroker(IServiceCollection services)
    {
        services.AddSingleton<MeteringMeters>().AddSingleton<Projector>().AddSingleton<ConsumedTokens>().AddSingleton<BudgetWatch>().AddSingleton<UsageProjection>().AddOptions<MeteringOptions>();
        services.AddSchema((provider, ct) => SchemaMigrator.UpgradeAsync(
            provider.GetRequiredService<NpgsqlDataSource>(), "metering", typeof(MeteringModule).Assembly, "TokenLedger.Metering.Views.Schema.", ct));
        services.AddLedgerPublisher("metering", [typeof(TokensConsumed)]);
        services.AddLedgerFollower(UsageView, [typeof(TokensConsumed)], provider => provider.GetRequiredService<UsageProjection>());
    }

    /// <summary>Makes the tables, without starting anything that would use them.</summary>
    public async Task UpgradeAsync(CancellationToken ct)
    {
        foreach (var service in _app.Services.GetServices<IHostedService>().OfType<IHostedLifecycleService>()) await service.StartingAsync(ct);
    }

    public async Task StartAsync(CancellationToken ct)
    {
        await _app.StartAsync(ct);
        _started = true;
    }

    /// <summary>Starts the view alone, which reads the ledger from its checkpoint to the head, and returns how many events a second it took in.</summary>
    public async Task<double> CatchUpAsync(long events, CancellationToken ct)
    {
        var head = await Ledger.HeadAsync(ct);
        var rate = await Rounds.RateAsync(events, async () =>
        {
            await View.StartAsync(ct);
            await View.WaitForAsync(head, ct);
        });
        await View.StopAsync(ct);
        return rate;
    }

    public async ValueTask DisposeAsync()
    {
        if (_started) await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
