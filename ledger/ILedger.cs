using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>
/// An append-only log of events in one dense total order (positions 1, 2, 3 …), divided into streams that are dense too (versions 1, 2, 3 …).
/// Two implementations obey the same tests: <c>PostgresLedger</c> and <c>MemoryLedger</c>.
/// </summary>
public interface ILedger
{
    /// <summary>
    /// Appends all events to one stream, or none. When the call returns they are durable.
    /// </summary>
    /// <param name="expectedVersion">Version of the stream's last event; 0 for a stream that does not exist.</param>
    /// <returns>Position and version of the first event; the others follow without a gap.</returns>
    /// <exception cref="VersionConflictException">The stream is at another version: another writer was there.</exception>
    /// <exception cref="DuplicateEventException">An event with one of these ids is recorded already.</exception>
    /// <exception cref="UnrecordableEventException">An event would not come back as it is: its timestamp is not UTC in whole microseconds (<see cref="LedgerTime"/>), it is not in the catalogue, or it holds U+0000.</exception>
    Task<Appended> AppendAsync(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken ct);

    /// <summary>Events of one stream with versions above <paramref name="afterVersion"/>, at most <paramref name="limit"/>, in order.</summary>
    Task<IReadOnlyList<RecordedEvent>> ReadStreamAsync(string stream, long afterVersion, int limit, CancellationToken ct);

    /// <summary>
    /// Events with positions above <paramref name="after"/>, in order, at most <paramref name="limit"/>; of the given wire names and the given stream only, when these are not null.
    /// <see cref="LedgerPage.Through"/> says how far the ledger was looked at: the last event's position when the page is full, else the head, so that a reader of few types still moves on.
    /// The head may be the last event that this process appended, though others have appended since: who needs all up to a position reads on until <see cref="LedgerPage.Through"/> has reached it.
    /// </summary>
    Task<LedgerPage> ReadAllAsync(long after, int limit, IReadOnlyCollection<string>? types, string? stream, CancellationToken ct);

    /// <summary>The events with these ids, those that exist, in no order.</summary>
    Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct);

    /// <summary>
    /// As <see cref="FindAsync(IReadOnlyCollection{Guid}, CancellationToken)"/>, of events some of which can only have been recorded after another one, their cause. Where this process still has
    /// everything since the cause in memory, they are not looked for elsewhere, and what other processes have appended since its own last append may be missed:
    /// exact for who then appends to the stream of the events, having seen all of its versions.
    /// </summary>
    /// <param name="causes">The id of the cause, by the id of the event.</param>
    Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<Guid> ids, IReadOnlyDictionary<Guid, Guid> causes, CancellationToken ct) => FindAsync(ids, ct);

    /// <summary>Position of the last event; 0 when there is none.</summary>
    Task<long> HeadAsync(CancellationToken ct);

    /// <summary>Version of a stream's last event; 0 for a stream that does not exist.</summary>
    Task<long> VersionAsync(string stream, CancellationToken ct);

    /// <summary>Version of a stream's last event of a type; 0 when it has none. Quick for the types that open books: an index holds exactly those.</summary>
    Task<long> LastVersionAsync(string stream, string type, CancellationToken ct);

    /// <summary>The position that the reader of this name has dealt with; 0 at first.</summary>
    Task<long> LoadCheckpointAsync(string name, CancellationToken ct);

    /// <summary>
    /// Moves a reader's checkpoint forward; a smaller position than the one kept changes nothing. It may be lost where the server crashes, and an earlier one found again:
    /// its reader deals with events twice, never with none.
    /// </summary>
    Task SaveCheckpointAsync(string name, long position, CancellationToken ct);

    /// <summary>Completes when something has been appended by this process since the last call returned, or after <paramref name="patience"/>. Other processes' appends are seen by patience alone.</summary>
    /// <returns>False when the patience has run out.</returns>
    Task<bool> WaitForAppendAsync(LedgerSignal signal, TimeSpan patience, CancellationToken ct);

    /// <summary>A signal for <see cref="WaitForAppendAsync"/>; each waiting loop has its own.</summary>
    LedgerSignal Subscribe();
}

/// <summary>Where an append landed.</summary>
public readonly record struct Appended(long FirstPosition, long FirstVersion);

/// <summary>A page of the ledger and the position up to which it is complete.</summary>
public sealed record LedgerPage(IReadOnlyList<RecordedEvent> Events, long Through);

/// <summary>Another writer has appended to the stream: load it again and decide again.</summary>
public sealed class VersionConflictException(string stream, long expected, Exception? inner = null)
    : Exception($"Stream '{stream}' is not at version {expected} any more.", inner)
{
    public string Stream { get; } = stream;
    public long Expected { get; } = expected;
}

/// <summary>The fact is recorded already.</summary>
public sealed class DuplicateEventException(string stream, Exception? inner = null)
    : Exception($"An event for stream '{stream}' has an id that is recorded already.", inner)
{
    public string Stream { get; } = stream;
}

/// <summary>One event of an append cannot be recorded as it is; nothing was appended.</summary>
public sealed class UnrecordableEventException(int index, string reason, Exception? inner = null)
    : Exception($"Event {index} of the append cannot be recorded: {reason}.", inner)
{
    /// <summary>Which of the events, from 0.</summary>
    public int Index { get; } = index;
}
