namespace TokenLedger.Tests.Integration.Audit;

/// <summary>Time that stands still until it is moved, so that what the API answers now can be compared with what it was. Timers keep their real pace.</summary>
internal sealed class StoppedTime : TimeProvider
{
    private long _ticks = new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.Zero).Ticks;

    public void Skip(TimeSpan span) => Interlocked.Add(ref _ticks, span.Ticks);

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);
}
