using MassTransit;
using TokenLedger.Contracts;

namespace TokenLedger.Hosting;

/// <summary>
/// Takes a batch from the bus into the process. It is acknowledged before it is handled: what a follower loses by a crash it reads from the ledger.
/// So this does not fail, and no message is ever put back or into an error queue. With a broker it waits for room in a full mailbox: the broker then holds what comes next.
/// </summary>
internal sealed class EventBatchConsumer<TEvent>(LedgerFollower follower, bool isPatient) : IConsumer<EventBatch<TEvent>> where TEvent : class, ILedgerEvent
{
    private static readonly string s_wireName = EventCatalogue.WireName<TEvent>();

    public Task Consume(ConsumeContext<EventBatch<TEvent>> context)
    {
        var batch = new RecordedBatch(context.Message.Previous, context.Message.Through, [.. context.Message.Events.Select(FromWire)]);
        if (isPatient) return follower.OfferAsync(batch, context.CancellationToken);
        follower.Offer(batch);
        return Task.CompletedTask;
    }

    private static RecordedEvent FromWire(PublishedEvent<TEvent> e) =>
        new(e.Position, e.Stream, e.Version, e.Id, s_wireName, e.Timestamp, e.Data, e.CorrelationId, e.CausationId);
}
