namespace TokenLedger.Ledger;

/// <summary>A command on its way through a <see cref="StreamWriter{TCommand, TAnswer}"/>, and the caller who waits for its answer.</summary>
internal sealed class QueuedCommand<TCommand, TAnswer>(TCommand command, CancellationToken ct)
{
    // Asynchronous, or a caller's own code would run in the writer's loop.
    private readonly TaskCompletionSource<TAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Decided<TAnswer> _decided = Decided<TAnswer>.Later;
    private int _offset;
    private int _postponed;

    public TCommand Command { get; } = command;

    public Task<TAnswer> Task => _answer.Task;

    public bool IsAnswered => _answer.Task.IsCompleted;

    public bool IsLater => _decided.IsLater;

    /// <summary>True when the caller no longer waits: the command need not be decided.</summary>
    public bool IsDropped() => ct.IsCancellationRequested && _answer.TrySetCanceled(ct);

    /// <summary>Keeps a decision until it is durable; its events begin at this offset in the append.</summary>
    public void Keep(Decided<TAnswer> decided, int offset) => (_decided, _offset) = (decided, offset);

    /// <summary>Puts it off to the next batch, unless it was put off as often as may be.</summary>
    public bool TryPostpone(int limit) => ++_postponed <= limit;

    /// <summary>True when the event at this place of the append came from it.</summary>
    public bool Caused(int eventIndex) => eventIndex >= _offset && eventIndex < _offset + _decided.Events.Count;

    public void Fail(Exception e) => _answer.TrySetException(e);

    public void Answer(Appended batch)
    {
        try
        {
            _answer.TrySetResult(_decided.Answer!(new(batch.FirstPosition + _offset, batch.FirstVersion + _offset)));
        }
        catch (Exception e)
        {
            // An answer that cannot be made concerns its caller only; the events are recorded.
            _answer.TrySetException(e);
        }
    }
}
