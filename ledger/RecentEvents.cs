using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>
/// The events that this process appended last, in order of position without a gap. Its own readers, which are nearly always at the head, take them from here: no query, no JSON.
/// What is asked for beyond either end, or appended by another process, is the database's to answer.
/// </summary>
internal sealed class RecentEvents(int capacity)
{
    /// <summary>Appends return in any order; so many may be ahead of one that has not returned yet. More means that another process appended in between, as does one when none is under way.</summary>
    private const int MostEarly = 8;
    private readonly Lock _gate = new();
    private readonly RecordedEvent?[] _ring = new RecordedEvent?[capacity];
    private readonly Dictionary<Guid, RecordedEvent> _byId = [];
    private readonly SortedList<long, RecordedEvent[]> _early = [];

    // Positions in the ring are above _floor and not above _last.
    private long _floor;
    private long _last;
    private int _underWay;

    /// <summary>An append begins. Whatever becomes of it, <see cref="End"/> follows.</summary>
    public void Begin() => Interlocked.Increment(ref _underWay);

    public void Add(string stream, Appended first, IReadOnlyList<NewEvent> events)
    {
        var batch = new RecordedEvent[events.Count];
        for (var i = 0; i < batch.Length; i++)
        {
            var e = events[i];
            batch[i] = new(first.FirstPosition + i, stream, first.FirstVersion + i, e.Id, EventCatalogue.Of(e.Data.GetType()).WireName, e.Timestamp, e.Data, e.CorrelationId, e.CausationId);
        }
        lock (_gate) _early[first.FirstPosition] = batch;
    }

    /// <returns>The last event of this process that its readers can take in order; what is ahead of an append that has not returned yet follows with that.</returns>
    public long End()
    {
        lock (_gate)
        {
            var alone = Interlocked.Decrement(ref _underWay) == 0;
            Take();
            // What is missing was appended by others: who wants to read over it asks the database.
            if (_early.Count > 0 && (alone || _early.Count > MostEarly || _last == 0))
            {
                _floor = _last = _early.GetKeyAtIndex(0) - 1;
                Take();
            }
            return _last;
        }
    }

    /// <returns>Null when the ledger itself must be asked.</returns>
    public LedgerPage? Read(long after, int limit, IReadOnlyCollection<string>? types, string? stream)
    {
        lock (_gate)
        {
            if (after < _floor || after >= _last) return null;
            var events = new List<RecordedEvent>();
            for (var position = after + 1; position <= _last && events.Count < limit; position++)
            {
                var e = _ring[position % capacity]!;
                if ((types is null || types.Contains(e.Type)) && (stream is null || e.Stream == stream)) events.Add(e);
            }
            return LedgerPages.Of(events, after, limit, _last);
        }
    }

    /// <summary>Those of the events with these ids that are kept, and the other ids, but for those that can only follow a cause since which everything is kept.</summary>
    public List<RecordedEvent> Find(IReadOnlyCollection<Guid> ids, IReadOnlyDictionary<Guid, Guid> causes, out List<Guid> others)
    {
        List<RecordedEvent> found = [];
        others = [];
        lock (_gate)
            foreach (var id in ids.Distinct())
                if (_byId.TryGetValue(id, out var e)) found.Add(e);
                // What is kept from before a gap says nothing about the gap.
                else if (!causes.TryGetValue(id, out var cause) || !_byId.TryGetValue(cause, out e) || e.Position <= _floor) others.Add(id);
        return found;
    }

    private void Take()
    {
        while (_early.Count > 0 && _early.GetKeyAtIndex(0) <= _last + 1)
        {
            foreach (var e in _early.GetValueAtIndex(0))
                if (e.Position == _last + 1) Keep(e);
            _early.RemoveAt(0);
        }
    }

    private void Keep(RecordedEvent e)
    {
        _last++;
        _floor = Math.Max(_floor, _last - capacity);
        if (capacity == 0) return;
        ref var slot = ref _ring[_last % capacity];
        if (slot is { } former) _byId.Remove(former.Id);
        _byId[e.Id] = slot = e;
    }
}
