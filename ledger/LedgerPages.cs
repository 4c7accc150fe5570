using System.Runtime.CompilerServices;
using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>How far a page reaches, and how pages follow one another.</summary>
public static class LedgerPages
{
    /// <summary>All pages from a position to the head as one read finds it, of at most <paramref name="size"/> events each. The next one is on its way while the caller deals with this one.</summary>
    public static async IAsyncEnumerable<LedgerPage> PagesAsync(
        this ILedger ledger, long after, int size, IReadOnlyCollection<string> types, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        Task<LedgerPage>? reading = ledger.ReadAllAsync(after, size, types, stream: null, ct);
        try
        {
            while (reading is not null)
            {
                var page = await reading;
                reading = page.Events.Count == size ? ledger.ReadAllAsync(page.Through, size, types, stream: null, ct) : null;
                yield return page;
            }
        }
        finally
        {
            // The caller has given up; what becomes of a page that nobody takes is no matter.
            if (reading is not null) await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A full page ends at its last event: there may be more behind. A page with room left has seen everything up to the head it was given.</summary>
    internal static LedgerPage Of(IReadOnlyList<RecordedEvent> events, long after, int limit, long head)
    {
        var last = events.Count == 0 ? after : events[^1].Position;
        return new(events, events.Count == limit ? last : Math.Max(last, head));
    }
}
