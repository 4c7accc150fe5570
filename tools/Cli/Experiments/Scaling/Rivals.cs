using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>As many as the peak needs, all the time.</summary>
internal sealed class StaticPeak(int replicas) : FleetPolicy
{
    public override int Decide(FleetSight sight, Action<ILedgerEvent> append) => replicas;
}

/// <summary>
/// A Kubernetes HorizontalPodAutoscaler as its documentation defines it: every 15 s desired = ⌈pods · value ÷ target⌉, nothing within a tolerance of a tenth; upwards at once, by the larger of
/// 4 pods and as many as there are in 15 s; downwards to the most that was recommended in 300 s.
/// </summary>
internal abstract class HorizontalPodAutoscaler(int least, int most) : FleetPolicy
{
    protected const double Tolerance = 0.1;
    private const double SyncSeconds = 15;
    private const double DownSeconds = 300;
    private const int PodsUp = 4;
    private readonly Queue<(DateTimeOffset At, int Replicas)> _recommended = new();
    private DateTimeOffset? _syncedAt;

    public override int Decide(FleetSight sight, Action<ILedgerEvent> append)
    {
        Watch(sight);
        if (sight.At - _syncedAt < TimeSpan.FromSeconds(SyncSeconds)) return sight.Desired;
        _syncedAt = sight.At;
        if (_recommended.Count == 0) _recommended.Enqueue((sight.At, sight.Desired));
        var recommended = Math.Clamp(Recommend(sight), least, most);
        _recommended.Enqueue((sight.At, recommended));
        while (_recommended.Peek().At <= sight.At.AddSeconds(-DownSeconds)) _recommended.Dequeue();
        return recommended > sight.Desired
            ? Math.Min(recommended, sight.Desired + Math.Max(PodsUp, sight.Desired))
            : Math.Min(sight.Desired, _recommended.Max(r => r.Replicas));
    }

    protected virtual void Watch(FleetSight sight) { }

    protected abstract int Recommend(FleetSight sight);
}

/// <summary>On the part of the batch slots in use, the nearest to what CPU utilisation is for a web server, averaged over 15 s; pods that are not ready count as using nothing, as documented.</summary>
internal sealed class HpaOnUtilisation(int least, int most, double target) : HorizontalPodAutoscaler(least, most)
{
    private readonly List<double> _used = [];

    protected override void Watch(FleetSight sight) => _used.Add(sight.Slots == 0 ? 1 : (double)sight.Running / sight.Slots);

    protected override int Recommend(FleetSight sight)
    {
        var used = _used.Average();
        _used.Clear();
        var ratio = used / target;
        if (Math.Abs(ratio - 1) <= Tolerance) return sight.Desired;
        if (ratio > 1) ratio = ratio * sight.Ready / Math.Max(1, sight.Desired);
        return Math.Abs(ratio - 1) <= Tolerance || (ratio < 1 && used > target) ? sight.Desired : (int)Math.Ceiling(Math.Max(ratio > 1 ? sight.Desired : sight.Ready, 1) * ratio - 1e-9);
    }
}

/// <summary>KEDA on queue length (type AverageValue): desired = ⌈waiting ÷ threshold⌉, at the engines and at the door, through the HPA that KEDA makes; asked every 30 s.</summary>
internal sealed class KedaOnQueue(int least, int most, double threshold) : HorizontalPodAutoscaler(least, most)
{
    private const double PollingSeconds = 30;
    private DateTimeOffset? _polledAt;
    private int _queue;

    protected override void Watch(FleetSight sight)
    {
        if (sight.At - _polledAt < TimeSpan.FromSeconds(PollingSeconds)) return;
        (_polledAt, _queue) = (sight.At, sight.Waiting + sight.WaitingForAdmission);
    }

    protected override int Recommend(FleetSight sight) =>
        Math.Abs(_queue / (threshold * Math.Max(1, sight.Desired)) - 1) <= Tolerance ? sight.Desired : (int)Math.Ceiling(_queue / threshold);
}

/// <summary>One more when more than 90 % of the KV cache was in use over 10 s, one less below 50 %; after a change three such intervals of rest. So do load-based planners of inference servers.</summary>
internal sealed class KvReactiveOnly(int least, int most) : FleetPolicy
{
    private const double IntervalSeconds = 10;
    private const double High = 0.9;
    private const double Low = 0.5;
    private readonly List<double> _usage = [];
    private DateTimeOffset? _next;

    public override int Decide(FleetSight sight, Action<ILedgerEvent> append)
    {
        _usage.Add(sight.KvCacheUsage);
        _next ??= sight.At;
        if (sight.At < _next) return sight.Desired;
        var usage = _usage.Average();
        _usage.Clear();
        var desired = Math.Clamp(sight.Desired + (usage > High ? 1 : usage < Low ? -1 : 0), least, most);
        _next = sight.At.AddSeconds(desired == sight.Desired ? IntervalSeconds : 3 * IntervalSeconds);
        return desired;
    }
}
