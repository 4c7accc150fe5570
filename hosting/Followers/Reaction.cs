using TokenLedger.Contracts;

namespace TokenLedger.Hosting;

/// <summary>A handler that is one function, idempotent by position, with its checkpoint kept in the ledger.</summary>
public sealed class Reaction(Func<IReadOnlyList<RecordedEvent>, CancellationToken, Task> react) : ILedgerHandler
{
    public FollowerCheckpoint Checkpoint => FollowerCheckpoint.InLedger;

    public Task HandleAsync(IReadOnlyList<RecordedEvent> events, long through, CancellationToken ct) => react(events, ct);
}
