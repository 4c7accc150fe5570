namespace TokenLedger.Hosting;

/// <summary>How far a follower has come, for whoever needs to wait until it has come far enough.</summary>
internal sealed class FollowerPosition
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _moved = NewSource();
    private long _value;

    public long Value => Volatile.Read(ref _value);

    public void MoveTo(long position)
    {
        TaskCompletionSource moved;
        lock (_gate)
        {
            Volatile.Write(ref _value, position);
            (moved, _moved) = (_moved, NewSource());
        }
        moved.SetResult();
    }

    public async Task WaitForAsync(long position, CancellationToken ct)
    {
        while (Next(position) is { } moved) await moved.WaitAsync(ct);
    }

    private Task? Next(long position)
    {
        lock (_gate) return _value >= position ? null : _moved.Task;
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
