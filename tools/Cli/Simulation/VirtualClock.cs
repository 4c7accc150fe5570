namespace TokenLedger.Cli.Simulation;

/// <summary>Virtual time: what is due runs in order of its time, and in the order it was scheduled where times are equal, so that a run depends on nothing but its seed.</summary>
internal sealed class VirtualClock
{
    public static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly PriorityQueue<Action, (long Micros, long Order)> _due = new();
    private long _order;

    /// <summary>Whole microseconds since the start, as the ledger keeps time.</summary>
    public long Micros { get; private set; }

    public double Seconds => Micros / 1e6;

    public DateTimeOffset Now => Epoch.AddMicroseconds(Micros);

    public void At(double seconds, Action action) => AtMicros((long)Math.Ceiling(seconds * 1e6 - 1e-3), action);

    public void After(double seconds, Action action) => AtMicros(Micros + (long)Math.Ceiling(seconds * 1e6 - 1e-3), action);

    public void Every(double seconds, Action action)
    {
        After(seconds, () =>
        {
            action();
            Every(seconds, action);
        });
    }

    /// <summary>Runs everything that is due up to and at this second.</summary>
    public void RunUntil(double seconds)
    {
        var end = (long)Math.Round(seconds * 1e6);
        while (_due.TryPeek(out var action, out var due) && due.Micros <= end)
        {
            _due.Dequeue();
            Micros = due.Micros;
            action();
        }
        Micros = Math.Max(Micros, end);
    }

    private void AtMicros(long micros, Action action) => _due.Enqueue(action, (Math.Max(Micros, micros), _order++));
}
