using TokenLedger.Contracts;
using TokenLedger.Core.Metering;
using TokenLedger.Ledger;

namespace TokenLedger.Metering.Views;

/// <summary>The billing book as it was at a position of the ledger, kept between calls.</summary>
internal sealed class LedgerBook(ILedger ledger)
{
    private const int PageSize = 1_000;
    private static readonly string[] s_types = [.. BillingBook.Types.Select(type => EventCatalogue.Of(type).WireName)];
    private BillingBook _book = new();
    private long _through;

    /// <summary>The book with everything up to a position that the ledger has reached. The caller may take in what follows there.</summary>
    public async Task<BillingBook> AtAsync(long position, CancellationToken ct)
    {
        if (_book.Position > position) Forget();
        // Few events are of these types and an index holds them, so a look that finds nothing costs little. A page with room left may still end before the position: at the last event that this process appended.
        for (var after = Math.Max(_through, _book.Position); after < position;)
        {
            var page = await ledger.ReadAllAsync(after, PageSize, s_types, stream: null, ct);
            foreach (var recorded in page.Events.Where(recorded => recorded.Position <= position)) _book.Evolve(recorded);
            _through = after = Math.Min(page.Through, position);
        }
        return _book;
    }

    public void Forget() => (_book, _through) = (new(), 0);
}
