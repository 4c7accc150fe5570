namespace TokenLedger.Contracts;

/// <summary>
/// The bus message: the events of one type of one publishing round, in position order. A consumer that stands before <paramref name="Previous"/>
/// has missed something and reads the ledger; one that stands at or after <paramref name="Through"/> has seen it all.
/// </summary>
/// <param name="Previous">Where the previous batch of this type ended; null when the publisher does not know (it has just started).</param>
/// <param name="Through">Every event of this type up to this position is in this batch or an earlier one.</param>
public sealed record EventBatch<TEvent>(long? Previous, long Through, IReadOnlyList<PublishedEvent<TEvent>> Events) where TEvent : ILedgerEvent;

/// <summary>A recorded event on the bus.</summary>
public sealed record PublishedEvent<TEvent>(long Position, string Stream, long Version, Guid Id, DateTimeOffset Timestamp, TEvent Data, string? CorrelationId, string? CausationId)
    where TEvent : ILedgerEvent;
