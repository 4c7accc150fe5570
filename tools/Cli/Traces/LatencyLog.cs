namespace TokenLedger.Cli.Traces;

/// <summary>Percentiles in milliseconds; all zero when nothing was measured.</summary>
internal sealed record Percentiles(long Count, double P50, double P90, double P99, double Max);

/// <summary>Keeps every latency of a bounded number of calls, so that percentiles are exact.</summary>
internal sealed class LatencyLog(int capacity)
{
    private readonly long[] _ticks = new long[capacity];
    private int _count;

    public void Add(TimeSpan latency)
    {
        var slot = Interlocked.Increment(ref _count) - 1;
        _ticks[slot] = latency.Ticks;
    }

    /// <summary>Percentiles by nearest rank: the smallest value such that at least p % of all values are not above it.</summary>
    public Percentiles Summarise()
    {
        var count = Volatile.Read(ref _count);
        if (count == 0) return new(0, 0, 0, 0, 0);
        var sorted = _ticks[..count];
        Array.Sort(sorted);
        return new(count, At(50), At(90), At(99), At(100));

        double At(int percent) => TimeSpan.FromTicks(sorted[(int)(((long)percent * count + 99) / 100) - 1]).TotalMilliseconds;
    }
}
