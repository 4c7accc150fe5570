using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Hosting;

/// <summary>Registration of the bus, of what is published on it and of what is followed.</summary>
public static class BusServices
{
    private static readonly TimeSpan s_stopTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The bus of this process: RabbitMQ when an address is configured, else in memory. The process starts, and goes on, without its broker.</summary>
    public static IServiceCollection AddTokenLedgerBus(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSettings<BusOptions>(configuration, BusOptions.Section);
        services.AddSettings<FollowerOptions>(configuration, FollowerOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<RetryPace>();
        services.TryAddSingleton<LedgerMeters>();
        services.Configure<MassTransitHostOptions>(host =>
        {
            host.WaitUntilStarted = false;
            host.StopTimeout = s_stopTimeout;
        });
        return services.AddMassTransit(bus =>
        {
            bus.ConfigureHealthCheckOptions(check => check.Name = "bus");
            if (string.IsNullOrEmpty(configuration[$"{BusOptions.Section}:{nameof(BusOptions.RabbitMq)}"])) bus.UsingInMemory(BusTransport.InMemory);
            else bus.UsingRabbitMq(BusTransport.RabbitMq);
        });
    }

    /// <summary>Publishes the events of these types from the ledger, under the checkpoint <c>publisher-{service}</c>. One publisher per type in the whole system.</summary>
    public static IServiceCollection AddLedgerPublisher(this IServiceCollection services, string service, IReadOnlyList<Type> types) =>
        services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<LedgerPublisher>(provider, new PublisherRegistration(service, types)));

    /// <summary>
    /// Hands every event of these types to a handler, once and in order of position, over the bus when it works and from the ledger when it does not.
    /// The follower itself is found by its name as a keyed service.
    /// </summary>
    public static IServiceCollection AddLedgerFollower(
        this IServiceCollection services, string name, IReadOnlyList<Type> types, Func<IServiceProvider, ILedgerHandler> handler)
    {
        ArgumentOutOfRangeException.ThrowIfZero(types.Count);
        if (!Names.AreValid(name)) throw new ArgumentException($"A follower's name {Names.Rule}.", nameof(name));
        services.AddKeyedSingleton(name, (provider, _) => Follower(provider, name, types, handler(provider)));
        services.AddSingleton(provider => provider.GetRequiredKeyedService<LedgerFollower>(name));
        return services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<LedgerFollower>(name));
    }

    /// <summary>Takes what programs outside of the product publish to a queue of the broker; with the bus in memory there is none.</summary>
    public static IServiceCollection AddBusInbox(this IServiceCollection services, Func<IServiceProvider, IInboxHandler> handler) =>
        services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<BusInbox>(provider, handler(provider)));

    private static LedgerFollower Follower(IServiceProvider provider, string name, IReadOnlyList<Type> types, ILedgerHandler handler) =>
        new(name, types, handler, provider.GetRequiredService<ILedger>(), provider.GetRequiredService<IOptions<FollowerOptions>>(), provider.GetRequiredService<RetryPace>(),
            provider.GetRequiredService<LedgerMeters>(), provider.GetRequiredService<ILogger<LedgerFollower>>());
}
