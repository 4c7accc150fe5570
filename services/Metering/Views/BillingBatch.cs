using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Core.Metering;

namespace TokenLedger.Metering.Views;

/// <summary>What an entry or a correction costs, and how many of its tokens a commitment covered. What is given back of commitments charged as unused is no part of it.</summary>
internal readonly record struct EntryCharge(long Micros, long Covered)
{
    public static EntryCharge Of(List<ChargedPart> parts)
    {
        var micros = 0L;
        foreach (var part in parts)
            if (part.Commitment != CommitmentStatus.Unused) micros += part.Micros;
        return new(micros, Charging.CoveredOf(parts));
    }
}

/// <summary>Charges the entries and corrections of a batch, and sums up what they add to the lines of statements.</summary>
internal sealed class BillingBatch
{
    private static readonly string s_add = UsageSql.Load("AddToLines");
    private static readonly string s_entries = UsageSql.Load("ChargedEntries");
    private readonly BillingBook _book;
    private readonly CoveredHours _covered;
    private readonly LineSums _sums = new();
    private readonly HashSet<long> _corrected = [];
    private readonly ChargedEntries _entries;

    public BillingBatch(BillingBook book, CoveredHours covered)
    {
        (_book, _covered) = (book, covered);
        _entries = new(book, covered.Tokens, _sums, keeps: _corrected.Contains);
    }

    /// <summary>Reads what the commitments of the batch's hours have left, and the entries that it corrects.</summary>
    public async Task PrepareAsync(IReadOnlyList<RecordedEvent> events, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    {
        await _covered.LoadAsync([.. events.Select(recorded => BillingBook.HourOf(recorded.Data)).OfType<CommitmentHour>().Distinct()], ct);
        _corrected.UnionWith(events.Select(recorded => recorded.Data).OfType<UsageCorrected>().Select(e => e.Corrects.Position));
        if (_corrected.Count == 0) return;
        await using var command = new NpgsqlCommand(s_entries, connection, transaction) { Parameters = { new() { Value = _corrected.ToArray() } } };
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            _entries.Add(reader.GetInt64(0), new(TokenKinds.Of(reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5)), reader.GetInt64(1), reader.GetInt64(6)));
    }

    public EntryCharge Charge(TokensConsumed e, long position) => EntryCharge.Of(_entries.Charge(e, position));

    public EntryCharge Charge(UsageCorrected e, long position) => EntryCharge.Of(_entries.Charge(e, position));

    /// <summary>Takes in what is no consumption. The close of a month charges what its commitments have left.</summary>
    public async Task EvolveAsync(RecordedEvent recorded, CancellationToken ct)
    {
        if (recorded.Data is BillingPeriodClosed closed)
        {
            await _covered.LoadAsync(_book.Closed is null ? null : closed.Start, closed.End, ct);
            foreach (var (line, tokens, micros) in _book.Unused(BillingMonth.Parse(closed.Period), recorded.Position, _covered.Tokens))
                _sums.Add(line, tokens, micros, recorded.Position);
        }
        _book.Evolve(recorded);
    }

    public async Task WriteAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    {
        await _covered.SaveAsync(ct);
        if (_sums.Lines.Count == 0) return;
        await using var command = new NpgsqlCommand(s_add, connection, transaction)
        {
            Parameters =
            {
                Keys(line => line.Period.ToString()), Keys(line => line.Month.ToString()), Keys(line => line.Tenant?.Value), Keys(line => line.Pool?.Value), Keys(line => line.Entitlement?.Value),
                Keys(line => line.Model), Keys(line => Word(line.ServiceClass)), Keys(line => Word<PriceKind>(line.Kind)), Keys(line => Word<PricingCategory>(line.Category)), Keys(line => Word(line.Commitment)),
                Values(sum => sum.Tokens), Values(sum => sum.Micros), Values(sum => sum.FirstPosition), Values(sum => sum.LastPosition),
            },
        };
        await command.PrepareAsync(ct);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static string? Word<T>(T? value) where T : struct, Enum => value is { } known ? WordConverter<T>.Word(known) : null;

    private NpgsqlParameter Keys(Func<LineKey, string?> value) => new() { Value = _sums.Lines.Keys.Select(line => value(line) ?? "").ToArray() };

    private NpgsqlParameter Values(Func<LineSum, long> value) => new() { Value = _sums.Lines.Values.Select(value).ToArray() };
}
