using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts;

namespace TokenLedger.Hosting;

/// <summary>The two transports and the endpoints on them: one per follower and event type, each handling one message at a time, in order.</summary>
internal static class BusTransport
{
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(10);

    public static void InMemory(IBusRegistrationContext context, IInMemoryBusFactoryConfigurator bus)
    {
        bus.ConfigureJsonSerializerOptions(AsInTheLedger);
        // A follower of several types is in the writers' own process here and hears of their appends directly.
        foreach (var (name, topic, follower) in Endpoints(context).Where(endpoint => endpoint.Follower.Types.Count == 1))
            bus.ReceiveEndpoint(name, endpoint => Bind(endpoint, context, topic, follower));
    }

    public static void RabbitMq(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator bus)
    {
        var options = Options(context);
        if (!RabbitMqAddress.TryParse(options.RabbitMq, out var address)) throw new FormatException($"{BusOptions.Section}:RabbitMq {RabbitMqAddress.Rule}.");
        bus.Host(address.Host, address.Port, address.VirtualHost, host => Connect(host, address));
        bus.ConfigureJsonSerializerOptions(AsInTheLedger);
        foreach (var (name, topic, follower) in Endpoints(context))
            bus.ReceiveEndpoint(name, endpoint =>
            {
                endpoint.Durable = true;
                endpoint.SetQueueArgument("x-max-length", options.QueueLength);
                endpoint.SetQueueArgument("x-overflow", "drop-head");
                Bind(endpoint, context, topic, follower);
            });
    }

    /// <summary>The queue of one follower and type, such as <c>tokenledger.metering-usage.tokens-consumed</c>.</summary>
    public static string EndpointName(string follower, Type type)
    {
        var wireName = EventCatalogue.Of(type).WireName;
        return $"tokenledger.{follower}.{(wireName.EndsWith(".v1", StringComparison.Ordinal) ? wireName[..^3] : wireName)}";
    }

    private static void Connect(IRabbitMqHostConfigurator host, RabbitMqAddress address)
    {
        host.Username(address.User);
        host.Password(address.Password);
        host.Heartbeat(s_heartbeat);
        // A checkpoint moves past an event only when the broker has said that it holds the message.
        host.PublisherConfirmation = true;
        if (address.Tls) host.UseSsl(tls => tls.ServerName = address.Host);
    }

    private static void Bind(IReceiveEndpointConfigurator endpoint, IBusRegistrationContext context, EventTopic topic, LedgerFollower follower)
    {
        endpoint.PrefetchCount = Options(context).Prefetch;
        endpoint.ConcurrentMessageLimit = 1;
        // A message that cannot be read is logged and dropped: its reader finds the events in the ledger.
        endpoint.PublishFaults = false;
        endpoint.DiscardFaultedMessages();
        endpoint.DiscardSkippedMessages();
        topic.Consume(endpoint, follower, isPatient: !string.IsNullOrEmpty(Options(context).RabbitMq));
    }

    private static IEnumerable<(string Name, EventTopic Topic, LedgerFollower Follower)> Endpoints(IBusRegistrationContext context) =>
        from follower in context.GetServices<LedgerFollower>()
        from type in follower.Types
        select (EndpointName(follower.Name, type), EventTopic.Of(type), follower);

    private static BusOptions Options(IBusRegistrationContext context) => context.GetRequiredService<IOptions<BusOptions>>().Value;

    private static JsonSerializerOptions AsInTheLedger(JsonSerializerOptions options)
    {
        options.WriteIndented = false;
        // Nobody comments a message, and a reader that allows it looks for comments at every token.
        options.ReadCommentHandling = JsonCommentHandling.Disallow;
        options.AllowTrailingCommas = false;
        // The options outlive a bus, and a process may build more than one.
        if (options.Converters.OfType<EventBatchConverter>().Any()) return options;
        options.Converters.Insert(0, new EventBatchConverter());
        options.Converters.Insert(0, new BatchEnvelopeConverter());
        return options;
    }
}
