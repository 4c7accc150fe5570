using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Metering.Prices;

/// <summary>The price lists of all models. A list that says what the last one for its model and start says is not recorded again.</summary>
internal sealed class PriceModel : IStreamModel<PriceSet, PriceAnswer>
{
    private readonly Dictionary<(string Model, DateTimeOffset From), IReadOnlyList<PriceRate>> _last = [];

    public string Stream => Streams.Prices;

    public bool NeedsHistory => true;

    public void Reset() => _last.Clear();

    public void Evolve(ILedgerEvent data, DateTimeOffset timestamp)
    {
        if (data is PriceSet e) _last[(e.Model, e.EffectiveFrom)] = e.Rates;
    }

    public Task PrepareAsync(IReadOnlyList<PriceSet> batch, CancellationToken ct) => Task.CompletedTask;

    public Decided<PriceAnswer> Decide(PriceSet command, DateTimeOffset now) => _last.TryGetValue((command.Model, command.EffectiveFrom), out var rates) && rates.SequenceEqual(command.Rates)
        ? new([], _ => new(null))
        : new([new NewEvent(Guid.CreateVersion7(now), now, command)], appended => new(appended.FirstPosition));

    public IReadOnlyList<NewEvent> EndBatch(DateTimeOffset now) => [];
}

/// <param name="Position">Null when nothing changed.</param>
internal sealed record PriceAnswer(long? Position);
