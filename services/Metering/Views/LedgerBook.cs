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

    /// <summary>The book with everything up to a position. The caller may take in what follows there.</summary>
    public async Task<BillingBook> AtAsync(long position, CancellationToken ct)
    {
        if (_book.Position > position) Forget();
        while (true)
        {
            // Few events are of these types and an index holds them, so a look that finds nothing costs little.
            var page = await ledger.ReadAllAsync(_book.Position, PageSize, s_types, stream: null, ct);
            foreach (var recorded in page.Events.Where(recorded => recorded.Position <= position)) _book.Evolve(recorded);
            if (page.Events.Count < PageSize || page.Through >= position) return _book;
        }
    }

    public void Forget() => _book = new();
}
