using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>How far a page reaches.</summary>
internal static class LedgerPages
{
    /// <summary>A full page ends at its last event: there may be more behind. A page with room left has seen everything up to the head.</summary>
    public static LedgerPage Of(IReadOnlyList<RecordedEvent> events, long after, int limit, long head)
    {
        var last = events.Count == 0 ? after : events[^1].Position;
        return new(events, events.Count == limit ? last : Math.Max(last, head));
    }
}
