using TokenLedger.Contracts;

namespace TokenLedger.Ledger;

/// <summary>
/// What a <c>StreamWriter</c> needs of the state it writes for: be rebuilt from the stream, look things up before a batch, decide, evolve.
/// All calls come from one loop, never two at a time. Only <see cref="PrepareAsync"/> may wait.
/// </summary>
public interface IStreamModel<TCommand, TAnswer>
{
    string Stream { get; }

    /// <summary>False for a model without state: then the writer asks for the stream's version instead of reading it.</summary>
    bool NeedsHistory { get; }

    /// <summary>Wire name of the event that holds the whole state, so that reading may start at the stream's last one; null when there is none.</summary>
    string? OpeningType => null;

    /// <summary>Forgets everything; the writer then evolves the model through the whole stream.</summary>
    void Reset();

    /// <summary>Takes in one event, whether read back from the stream or just decided.</summary>
    void Evolve(ILedgerEvent data, DateTimeOffset timestamp);

    /// <summary>Looks up what the decisions on this batch need and the state does not hold.</summary>
    Task PrepareAsync(IReadOnlyList<TCommand> batch, CancellationToken ct);

    /// <summary>Decides one command. Must not change the state: the writer evolves it with the events that come back.</summary>
    Decided<TAnswer> Decide(TCommand command, DateTimeOffset now);

    /// <summary>
    /// What follows from the state and the time without anyone asking, one decision at a time: asked before the first command of a batch and after each, until there is nothing more.
    /// Must not change the state either.
    /// </summary>
    IReadOnlyList<NewEvent> Follow(DateTimeOffset now) => [];

    /// <summary>When <see cref="Follow"/> may next have something, if no command comes before; null for never. Asked after a batch.</summary>
    DateTimeOffset? FollowsAt(DateTimeOffset now) => null;

    /// <summary>All events of a batch are durable, in this order.</summary>
    void Recorded(IReadOnlyList<NewEvent> events, Appended appended)
    {
    }

    /// <summary>Events that close the batch, such as counts of what was not listed one by one; usually none.</summary>
    IReadOnlyList<NewEvent> EndBatch(DateTimeOffset now);
}

/// <summary>
/// The events of one decision and the answer its caller gets once they are durable; the answer is told where the decision's first event landed
/// (meaningless when there are no events). <see cref="Later"/> puts the command into the next batch, when what it must be compared with is recorded.
/// </summary>
public readonly record struct Decided<TAnswer>(IReadOnlyList<NewEvent> Events, Func<Appended, TAnswer>? Answer)
{
    public static Decided<TAnswer> Later => new([], null);
    public bool IsLater => Answer is null;
}
