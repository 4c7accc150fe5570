using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>
/// The ledger in memory, for simulations and tests: it obeys the same tests as <c>PostgresLedger</c>. Events go through the catalogue's JSON here too,
/// so that what cannot be written, or does not come back the same, shows.
/// </summary>
public sealed class MemoryLedger : ILedger
{
    private readonly Lock _lock = new();
    private readonly List<RecordedEvent> _events = [];
    private readonly Dictionary<string, List<RecordedEvent>> _streams = [];
    private readonly Dictionary<Guid, RecordedEvent> _byId = [];
    private readonly Dictionary<string, long> _checkpoints = [];
    private readonly LedgerSignals _signals = new();

    public Task<Appended> AppendAsync(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken ct) =>
        Answer(() =>
        {
            var payloads = EventPayloads.Of(stream, expectedVersion, events);
            var kept = _streams.GetValueOrDefault(stream) ?? [];
            if (kept.Count != expectedVersion) throw new VersionConflictException(stream, expectedVersion);
            if (events.Any(recorded => _byId.ContainsKey(recorded.Id)) || events.DistinctBy(recorded => recorded.Id).Count() != events.Count)
                throw new DuplicateEventException(stream);
            var first = new Appended(_events.Count + 1, expectedVersion + 1);
            List<RecordedEvent> added = [.. events.Select((recorded, i) => Recorded(stream, first, i, recorded, payloads[i]))];
            _streams[stream] = kept;
            kept.AddRange(added);
            _events.AddRange(added);
            foreach (var recorded in added) _byId.Add(recorded.Id, recorded);
            _signals.Set(_events.Count);
            return first;
        }, ct);

    public Task<IReadOnlyList<RecordedEvent>> ReadStreamAsync(string stream, long afterVersion, int limit, CancellationToken ct) =>
        Answer(() =>
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
            return (IReadOnlyList<RecordedEvent>)After(_streams.GetValueOrDefault(stream) ?? [], afterVersion, limit);
        }, ct);

    public Task<LedgerPage> ReadAllAsync(long after, int limit, IReadOnlyCollection<string>? types, string? stream, CancellationToken ct) =>
        Answer(() =>
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
            _ = TypeCondition.Of(types);
            var rest = _events.Skip((int)Math.Min(after, _events.Count));
            var wanted = rest.Where(recorded => (types is null || types.Contains(recorded.Type)) && (stream is null || recorded.Stream == stream));
            return LedgerPages.Of([.. wanted.Take(limit)], after, limit, _events.Count);
        }, ct);

    public Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        Answer(() => (IReadOnlyList<RecordedEvent>)[.. ids.Distinct().Where(_byId.ContainsKey).Select(id => _byId[id])], ct);

    public Task<long> HeadAsync(CancellationToken ct) => Answer(() => (long)_events.Count, ct);

    public Task<long> VersionAsync(string stream, CancellationToken ct) => Answer(() => _streams.TryGetValue(stream, out var kept) ? (long)kept.Count : 0, ct);

    public Task<long> LastVersionAsync(string stream, string type, CancellationToken ct) =>
        Answer(() => _streams.GetValueOrDefault(stream)?.FindLast(recorded => recorded.Type == type)?.Version ?? 0, ct);

    public Task<long> LoadCheckpointAsync(string name, CancellationToken ct) => Answer(() => _checkpoints.GetValueOrDefault(name), ct);

    public Task SaveCheckpointAsync(string name, long position, CancellationToken ct) =>
        Answer(() => _checkpoints[name] = Math.Max(position, _checkpoints.GetValueOrDefault(name)), ct);

    public Task<bool> WaitForAppendAsync(LedgerSignal signal, TimeSpan patience, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(signal);
        return signal.WaitAsync(patience, ct);
    }

    public LedgerSignal Subscribe() => _signals.Add();

    private static RecordedEvent Recorded(string stream, Appended first, int index, NewEvent recorded, byte[] json)
    {
        var type = EventCatalogue.Of(recorded.Data.GetType()).WireName;
        return new(
            first.FirstPosition + index, stream, first.FirstVersion + index, recorded.Id, type, recorded.Timestamp,
            EventCatalogue.Deserialize(type, json), recorded.CorrelationId, recorded.CausationId);
    }

    private static List<RecordedEvent> After(List<RecordedEvent> events, long after, int limit)
    {
        var start = (int)Math.Min(after, events.Count);
        return events.GetRange(start, Math.Min(limit, events.Count - start));
    }

    // Whatever goes wrong comes out of the task, as it does with a database.
    private Task<T> Answer<T>(Func<T> answer, CancellationToken ct)
    {
        try
        {
            ct.ThrowIfCancellationRequested();
            lock (_lock) return Task.FromResult(answer());
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(ct);
        }
        catch (Exception e)
        {
            return Task.FromException<T>(e);
        }
    }
}
