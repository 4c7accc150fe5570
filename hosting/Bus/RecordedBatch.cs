using TokenLedger.Contracts;

namespace TokenLedger.Hosting;

/// <summary>An <see cref="EventBatch{TEvent}"/> whose type is known only at run time: what publishers send and followers are offered.</summary>
internal sealed record RecordedBatch(long? Previous, long Through, IReadOnlyList<RecordedEvent> Events)
{
    /// <summary>
    /// Divides the events of one type of one round into messages of at most <paramref name="size"/>, each of which names the end of the one before.
    /// Only the last reaches to the end of the round: up to there the ledger was looked at.
    /// </summary>
    public static IEnumerable<RecordedBatch> Split(IReadOnlyList<RecordedEvent> events, long? previous, long through, int size)
    {
        foreach (var (index, part) in events.Chunk(size).Index())
        {
            var end = index * size + part.Length == events.Count ? through : part[^1].Position;
            yield return new(previous, end, part);
            previous = end;
        }
    }
}
