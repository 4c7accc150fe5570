using TokenLedger.Contracts;
using TokenLedger.Hosting;

namespace TokenLedger.Tests.Integration.Hosting;

/// <summary>A handler that remembers what it was handed, and fails when it is told to.</summary>
internal sealed class SeenEvents(FollowerCheckpoint? checkpoint = null) : ILedgerHandler
{
    private readonly Lock _gate = new();
    private readonly List<RecordedEvent> _events = [];
    private readonly List<int> _calls = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private int _failures;

    public FollowerCheckpoint Checkpoint { get; } = checkpoint ?? FollowerCheckpoint.NotKept();

    /// <summary>Calls that fail while this is above zero take one off it; negative = all fail.</summary>
    public int FailuresToCome { get; set; }

    public long[] Positions { get { lock (_gate) return [.. _events.Select(e => e.Position)]; } }
    public RecordedEvent[] Events { get { lock (_gate) return [.. _events]; } }
    public int[] EventsPerCall { get { lock (_gate) return [.. _calls]; } }
    public int Failures { get { lock (_gate) return _failures; } }

    public async Task HandleAsync(IReadOnlyList<RecordedEvent> events, long through, CancellationToken ct)
    {
        Assert.Equal(1, Interlocked.Increment(ref _running));
        // Gives a second call the chance to overlap.
        await Task.Yield();
        Assert.Equal(0, Interlocked.Decrement(ref _running));
        lock (_gate)
        {
            (var changed, _changed) = (_changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
            changed.SetResult();
            if (FailuresToCome != 0)
            {
                FailuresToCome--;
                _failures++;
                throw new InvalidOperationException("The handler was told to fail.");
            }
            _events.AddRange(events);
            _calls.Add(events.Count);
        }
    }

    /// <summary>Waits for a call after which the condition holds.</summary>
    public async Task UntilAsync(Func<SeenEvents, bool> condition)
    {
        var patience = Within.Patience();
        while (true)
        {
            Task changed;
            lock (_gate) changed = _changed.Task;
            if (condition(this)) return;
            await changed.WaitAsync(patience);
        }
    }
}
