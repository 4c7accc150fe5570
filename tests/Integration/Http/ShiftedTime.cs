namespace TokenLedger.Tests.Integration.Http;

/// <summary>Real time that can be moved ahead. Timers keep their real pace.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private long _ahead;

    public void Skip(TimeSpan span) => Interlocked.Add(ref _ahead, span.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _ahead));
}
