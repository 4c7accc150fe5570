using TokenLedger.Contracts;

namespace TokenLedger.Core.Metering;

/// <summary>Charges entries and their corrections one after the other, and sums them up by line.</summary>
/// <param name="keeps">Whether the entry at a position may be corrected later and must be remembered.</param>
public sealed class ChargedEntries(BillingBook book, IDictionary<CommitmentHour, long> covered, LineSums sums, Func<long, bool> keeps)
{
    private readonly Dictionary<long, ChargedEntry> _entries = [];

    /// <summary>An entry that was charged earlier.</summary>
    public void Add(long position, in ChargedEntry entry) => _entries[position] = entry;

    public List<ChargedPart> Charge(TokensConsumed e, long position)
    {
        var parts = book.Charge(e, position, covered);
        foreach (var part in parts) sums.Add(book.LineOf(e, part), part.Tokens, part.Micros, position);
        if (keeps(position)) _entries[position] = new(TokenKinds.Of(e), Charging.CoveredOf(parts), Charging.CoveredOf(parts));
        return parts;
    }

    public List<ChargedPart> Charge(UsageCorrected e, long position)
    {
        ArgumentNullException.ThrowIfNull(e);
        var before = _entries[e.Corrects.Position];
        var parts = book.Charge(e, before, covered);
        foreach (var part in parts) sums.Add(book.LineOf(e, part), part.Tokens, part.Micros, position);
        _entries[e.Corrects.Position] = before with { Tokens = before.Tokens + TokenKinds.Of(e), Covered = before.Covered + Charging.CoveredOf(parts) };
        return parts;
    }
}
