using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Tests;

internal abstract record TallyCommand;

/// <summary>Adds to the sum; an amount that makes the sum odd or even is all one, but each id counts once in the whole ledger.</summary>
internal sealed record Add(int Amount, Guid? Id = null, string By = "a test") : TallyCommand;

internal sealed record ReadSum : TallyCommand;

/// <summary>Asks for a later batch until this many have been put off.</summary>
internal sealed record Wait(int Batches) : TallyCommand
{
    public int Decided { get; set; }
}

internal sealed record Break : TallyCommand;

/// <summary>What the sum was after the decision, and where it landed.</summary>
internal sealed record Tally(long Sum, Appended Place);

/// <summary>The smallest model with everything a writer deals with: a sum over `capacity-changed.v1`.</summary>
internal sealed class TallyModel(ILedger ledger) : IStreamModel<TallyCommand, Tally>
{
    public const int Poison = 666;
    private readonly HashSet<Guid> _known = [];
    private readonly HashSet<Guid> _pending = [];
    private long _sum;

    public bool NeedsHistory => true;

    public string Stream => "tally";
    public List<int> BatchSizes { get; } = [];
    public bool Poisoned { get; set; } = true;
    public bool CountsBatches { get; init; }

    public void Reset() => _sum = 0;

    public void Evolve(ILedgerEvent data, DateTimeOffset timestamp)
    {
        var amount = ((CapacityChanged)data).Replicas;
        if (amount == Poison && Poisoned) throw new InvalidOperationException("The state is broken.");
        _sum += amount;
    }

    public async Task PrepareAsync(IReadOnlyList<TallyCommand> batch, CancellationToken ct)
    {
        BatchSizes.Add(batch.Count);
        _pending.Clear();
        foreach (var recorded in await ledger.FindAsync([.. batch.OfType<Add>().Where(add => add.Id is not null).Select(add => add.Id!.Value)], ct)) _known.Add(recorded.Id);
    }

    public Decided<Tally> Decide(TallyCommand command, DateTimeOffset now)
    {
        var sum = _sum;
        return command switch
        {
            Add { Id: { } id } when _known.Contains(id) => new([], _ => new(sum, default)),
            Add { Id: { } id } when !_pending.Add(id) => Decided<Tally>.Later,
            Add add => new([new(add.Id ?? Guid.NewGuid(), now, new CapacityChanged(new("tally"), add.Amount, 0, add.By))], place => new(sum + add.Amount, place)),
            ReadSum => new([], _ => new(sum, default)),
            Wait wait when wait.Decided++ < wait.Batches => Decided<Tally>.Later,
            Wait => new([], _ => new(sum, default)),
            _ => throw new InvalidOperationException("The decision is broken."),
        };
    }

    public IReadOnlyList<NewEvent> EndBatch(DateTimeOffset now) =>
        CountsBatches ? [new(Guid.NewGuid(), now, new CapacityChanged(new("tally"), 1000, 0, "the end of a batch"))] : [];
}
