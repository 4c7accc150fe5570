using TokenLedger.Contracts;

namespace TokenLedger.Core.Metering;

/// <summary>All statements as a sum over the ledger's events, one after the other: what the view in the database must come to.</summary>
public sealed class StatementFold
{
    private readonly BillingBook _book = new();
    private readonly Dictionary<CommitmentHour, long> _covered = [];
    private readonly LineSums _sums = new();
    private readonly ChargedEntries _entries;

    public StatementFold() => _entries = new(_book, _covered, _sums, keeps: _ => true);

    public IReadOnlyDictionary<LineKey, LineSum> Lines => _sums.Lines;

    public void Evolve(RecordedEvent recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        switch (recorded.Data)
        {
            case TokensConsumed e:
                _entries.Charge(e, recorded.Position);
                return;
            case UsageCorrected e:
                _entries.Charge(e, recorded.Position);
                return;
            case BillingPeriodClosed e:
                foreach (var (line, tokens, micros) in _book.Unused(BillingMonth.Parse(e.Period), recorded.Position, _covered)) _sums.Add(line, tokens, micros, recorded.Position);
                break;
        }
        _book.Evolve(recorded);
    }
}
