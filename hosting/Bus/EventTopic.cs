using MassTransit;
using TokenLedger.Contracts;

namespace TokenLedger.Hosting;

/// <summary>What the bus does for one event type: the bridge from types known at run time to MassTransit's generic messages.</summary>
internal abstract class EventTopic
{
    public static EventTopic Of(Type type) =>
        (EventTopic)Activator.CreateInstance(typeof(EventTopic<>).MakeGenericType(EventCatalogue.Of(type).Type))!;

    /// <summary>Sends a batch and returns when the broker has it.</summary>
    public abstract Task PublishAsync(IPublishEndpoint bus, RecordedBatch batch, CancellationToken ct);

    /// <summary>Hands the batches that arrive at an endpoint to a follower, and waits for it or not when it has more than it can take.</summary>
    public abstract void Consume(IReceiveEndpointConfigurator endpoint, LedgerFollower follower, bool isPatient);
}

internal sealed class EventTopic<TEvent> : EventTopic where TEvent : class, ILedgerEvent
{
    // Held in the broker's memory only: the ledger is the copy on disk, and who misses a message reads there.
    public override Task PublishAsync(IPublishEndpoint bus, RecordedBatch batch, CancellationToken ct) =>
        bus.Publish(new EventBatch<TEvent>(batch.Previous, batch.Through, [.. batch.Events.Select(ToWire)]), context => context.Durable = false, ct);

    public override void Consume(IReceiveEndpointConfigurator endpoint, LedgerFollower follower, bool isPatient) =>
        endpoint.Consumer(() => new EventBatchConsumer<TEvent>(follower, isPatient));

    private static PublishedEvent<TEvent> ToWire(RecordedEvent e) =>
        new(e.Position, e.Stream, e.Version, e.Id, e.Timestamp, (TEvent)e.Data, e.CorrelationId, e.CausationId);
}
