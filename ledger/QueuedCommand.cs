namespace TokenLedger.Ledger;

/// <summary>A command on its way through a <see cref="StreamWriter{TCommand, TAnswer}"/>, and its place among those that one caller waits for.</summary>
internal sealed class QueuedCommand<TCommand, TAnswer>(TCommand command, AwaitedAnswers<TAnswer> answers, int index, CancellationToken ct)
{
    private Decided<TAnswer> _decided = Decided<TAnswer>.Later;
    private int _offset;
    private int _postponed;

    public TCommand Command { get; } = command;

    public bool IsAnswered { get; private set; }

    public bool IsLater => _decided.IsLater;

    /// <summary>True when the caller no longer waits: the command need not be decided.</summary>
    public bool IsDropped()
    {
        if (!ct.IsCancellationRequested || IsAnswered) return false;
        IsAnswered = true;
        answers.Cancel(ct);
        return true;
    }

    /// <summary>Keeps a decision until it is durable; its events begin at this offset in the append.</summary>
    public void Keep(Decided<TAnswer> decided, int offset) => (_decided, _offset) = (decided, offset);

    /// <summary>Puts it off to the next batch, unless it was put off as often as may be.</summary>
    public bool TryPostpone(int limit) => ++_postponed <= limit;

    /// <summary>True when the event at this place of the append came from it.</summary>
    public bool Caused(int eventIndex) => eventIndex >= _offset && eventIndex < _offset + _decided.Events.Count;

    public void Fail(Exception e)
    {
        IsAnswered = true;
        answers.Fail(e);
    }

    public void Answer(Appended batch)
    {
        try
        {
            answers.Set(index, _decided.Answer!(new(batch.FirstPosition + _offset, batch.FirstVersion + _offset)));
            IsAnswered = true;
        }
        catch (Exception e)
        {
            // An answer that cannot be made concerns its caller only; the events are recorded.
            Fail(e);
        }
    }
}

/// <summary>The answers that one caller waits for: of the commands he brought together, all or none.</summary>
internal sealed class AwaitedAnswers<TAnswer>(int count)
{
    // Asynchronous, or a caller's own code would run in the writer's loop.
    private readonly TaskCompletionSource<TAnswer[]> _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TAnswer[] _answers = new TAnswer[count];
    private int _missing = count;

    public Task<TAnswer[]> Task => _all.Task;

    /// <summary>Called by the writer's loop alone.</summary>
    public void Set(int index, TAnswer answer)
    {
        _answers[index] = answer;
        if (--_missing == 0) _all.TrySetResult(_answers);
    }

    public void Fail(Exception e) => _all.TrySetException(e);

    public void Cancel(CancellationToken ct) => _all.TrySetCanceled(ct);
}
