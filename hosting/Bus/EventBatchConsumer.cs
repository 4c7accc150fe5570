using MassTransit;
using TokenLedger.Contracts;

namespace TokenLedger.Hosting;

/// <summary>
/// Takes a batch from the bus into the process. It is acknowledged at once: what a follower loses by a crash it reads from the ledger.
/// So this neither fails nor waits, and no message is ever put back or into an error queue.
/// </summary>
internal sealed class EventBatchConsumer<TEvent>(LedgerFollower follower) : IConsumer<EventBatch<TEvent>> where TEvent : class, ILedgerEvent
{
    private static readonly string s_wireName = EventCatalogue.WireName<TEvent>();

    public Task Consume(ConsumeContext<EventBatch<TEvent>> context)
    {
        var batch = context.Message;
        follower.Offer(new(batch.Previous, batch.Through, [.. batch.Events.Select(FromWire)]));
        return Task.CompletedTask;
    }

    private static RecordedEvent FromWire(PublishedEvent<TEvent> e) =>
        new(e.Position, e.Stream, e.Version, e.Id, s_wireName, e.Timestamp, e.Data, e.CorrelationId, e.CausationId);
}
