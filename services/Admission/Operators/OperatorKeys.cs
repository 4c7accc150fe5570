using TokenLedger.Contracts;
using TokenLedger.Ledger;

namespace TokenLedger.Admission.Operators;

/// <summary>Issues or revokes an operator key.</summary>
internal abstract record OperatorKeyCommand;

internal sealed record IssueOperatorKey(OperatorKeyIssued Event) : OperatorKeyCommand;

internal sealed record RevokeOperatorKey(KeyId Key) : OperatorKeyCommand;

/// <summary>The `operators` stream: which operator keys are good. Answers false for a key that is not.</summary>
internal sealed class OperatorKeys : IStreamModel<OperatorKeyCommand, bool>
{
    private readonly HashSet<KeyId> _good = [];

    public string Stream => Streams.Operators;

    public bool NeedsHistory => true;

    public void Reset() => _good.Clear();

    public void Evolve(ILedgerEvent data, DateTimeOffset timestamp)
    {
        if (data is OperatorKeyIssued issued) _good.Add(issued.Key);
        if (data is OperatorKeyRevoked revoked) _good.Remove(revoked.Key);
    }

    public Task PrepareAsync(IReadOnlyList<OperatorKeyCommand> batch, CancellationToken ct) => Task.CompletedTask;

    public Decided<bool> Decide(OperatorKeyCommand command, DateTimeOffset now) => command switch
    {
        IssueOperatorKey issue => new([new NewEvent(Guid.CreateVersion7(now), now, issue.Event)], _ => true),
        RevokeOperatorKey revoke when _good.Contains(revoke.Key) => new([new NewEvent(Guid.CreateVersion7(now), now, new OperatorKeyRevoked(revoke.Key))], _ => true),
        _ => new([], _ => false),
    };

    public IReadOnlyList<NewEvent> EndBatch(DateTimeOffset now) => [];
}
