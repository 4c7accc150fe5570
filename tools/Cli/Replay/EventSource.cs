using System.Runtime.CompilerServices;
using System.Text.Json;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Replay;

/// <summary>An event whose data is still text, so that it can be made out elsewhere, or not at all.</summary>
internal readonly record struct RawEvent(long Position, string Stream, long Version, string Type, DateTimeOffset Timestamp, ReadOnlyMemory<byte> Data)
{
    /// <summary>The event as it was recorded, without the ids that no replay depends on.</summary>
    public RecordedEvent Read()
    {
        try
        {
            return new(Position, Stream, Version, Guid.Empty, Type, Timestamp, EventCatalogue.Deserialize(Type, Data.Span));
        }
        catch (JsonException e)
        {
            throw CommandFailure.Failed($"The event at position {Position} cannot be read: {e.Message}");
        }
    }
}

/// <summary>Which events: positions after one and through another, of one stream or type only where these are given.</summary>
/// <param name="DataOf">Only the data of streams whose names begin so is needed; a source may leave out that of the others.</param>
internal sealed record EventRange(long After, long Through, string? Stream = null, string? Type = null, string? DataOf = null);

/// <summary>Where a ledger is read from: the API, or the database itself.</summary>
internal interface IEventSource : IAsyncDisposable
{
    Task<long> HeadAsync(CancellationToken ct);

    /// <summary>Events in the order of their positions, in batches.</summary>
    IAsyncEnumerable<IReadOnlyList<RawEvent>> ReadAsync(EventRange range, CancellationToken ct);
}

/// <summary>What every reader of a source needs.</summary>
internal static class EventSources
{
    /// <summary>The event at a position, or the first one after it.</summary>
    public static async Task<RawEvent> FirstFromAsync(this IEventSource source, long position, CancellationToken ct)
    {
        await foreach (var batch in source.ReadAsync(new(position - 1, position), ct))
            foreach (var raw in batch) return raw;
        throw CommandFailure.Failed($"The ledger has no event at position {position}.");
    }

    /// <summary>The whole ledger up to a position, with the data of the pools' streams, refused when a position is missing or out of order.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<RawEvent>> ReadDenseAsync(this IEventSource source, long through, [EnumeratorCancellation] CancellationToken ct)
    {
        long position = 0;
        await foreach (var batch in source.ReadAsync(new(0, through, DataOf: Streams.PoolPrefix), ct))
        {
            foreach (var raw in batch)
                position = raw.Position == position + 1 ? raw.Position : throw CommandFailure.Failed($"The ledger has no event at position {position + 1}: {raw.Position} follows {position}.");
            yield return batch;
        }
        if (position < through) throw CommandFailure.Failed($"The ledger ends at position {position} though its head is at {through}.");
    }

    /// <summary>Two streams as one, in the order of positions.</summary>
    public static async IAsyncEnumerable<RawEvent> MergeAsync(this IEventSource source, EventRange range, string other, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var second = source.EachAsync(range with { Stream = other }, ct).GetAsyncEnumerator(ct);
        var more = await second.MoveNextAsync();
        await foreach (var raw in source.EachAsync(range, ct))
        {
            for (; more && second.Current.Position < raw.Position; more = await second.MoveNextAsync()) yield return second.Current;
            yield return raw;
        }
        for (; more; more = await second.MoveNextAsync()) yield return second.Current;
    }

    public static async IAsyncEnumerable<RawEvent> EachAsync(this IEventSource source, EventRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var batch in source.ReadAsync(range, ct))
            foreach (var raw in batch) yield return raw;
    }
}
