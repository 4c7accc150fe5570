using System.Diagnostics;

namespace TokenLedger.Tests.Integration.Autoscaling;

/// <summary>Time that passes several times as fast: windows of a minute end after seconds, timers included.</summary>
internal sealed class QuickTime(int times) : TimeProvider
{
    private readonly long _startTicks = System.GetUtcNow().UtcTicks;
    private readonly long _start = Stopwatch.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => new(_startTicks + GetElapsedTime(_start, Stopwatch.GetTimestamp()).Ticks * times, TimeSpan.Zero);

    public override long GetTimestamp() => _start + (Stopwatch.GetTimestamp() - _start) * times;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(callback, state, Real(dueTime), Real(period));

    private TimeSpan Real(TimeSpan span) => span <= TimeSpan.Zero ? span : TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerMillisecond, span.Ticks / times));
}
