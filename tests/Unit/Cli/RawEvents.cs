using TokenLedger.Cli.Replay;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Unit.Cli;

/// <summary>Recorded events as a source gives them.</summary>
internal sealed class RawEvents(IReadOnlyList<RecordedEvent> ledger) : IEventSource
{
    public static RawEvent Of(RecordedEvent e) => new(e.Position, e.Stream, e.Version, e.Type, e.Timestamp, EventCatalogue.Serialize(e.Data));

    public static async IAsyncEnumerable<IReadOnlyList<RawEvent>> Batches(IEnumerable<RecordedEvent> ledger, int size)
    {
        foreach (var batch in ledger.Chunk(size))
        {
            await Task.Yield();
            yield return [.. batch.Select(Of)];
        }
    }

    public Task<long> HeadAsync(CancellationToken ct) => Task.FromResult(ledger.Count == 0 ? 0 : ledger[^1].Position);

    public IAsyncEnumerable<IReadOnlyList<RawEvent>> ReadAsync(EventRange range, CancellationToken ct) => Batches(
        ledger.Where(e => e.Position > range.After && e.Position <= range.Through && (range.Stream ?? e.Stream) == e.Stream && (range.Type ?? e.Type) == e.Type), 3);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
