using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>Decisions of a fleet as far back as a window may reach: a recommendation holds until the next that is recorded.</summary>
internal sealed class FleetHistory
{
    /// <summary>The longest window that a pool's rules may have. All of it is kept, for a start may meet decisions before it knows the rules.</summary>
    private static readonly TimeSpan s_longestWindow = TimeSpan.FromSeconds(ScalingRules.LongestWindowSeconds);

    private readonly LinkedList<(DateTimeOffset At, int Replicas)> _recommended = new();

    public (ScalingDecided Decided, long Position, DateTimeOffset At)? Last { get; private set; }
    public DateTimeOffset? RaisedAt { get; private set; }
    public DateTimeOffset? LoweredAt { get; private set; }

    public void Take(ScalingDecided e, long position, DateTimeOffset at)
    {
        // What there was before the first decision counts as if it had been asked for until then.
        if (Last is null) _recommended.AddLast((at, e.PreviousDesiredReplicas));
        Last = (e, position, at);
        if (e.DesiredReplicas > e.PreviousDesiredReplicas) RaisedAt = at;
        if (e.DesiredReplicas < e.PreviousDesiredReplicas) LoweredAt = at;
        _recommended.AddLast((at, e.Recommendation));
        var from = at - s_longestWindow;
        // The last one before the window still held at its beginning.
        while (_recommended.First!.Next is { } second && second.Value.At <= from) _recommended.RemoveFirst();
    }

    /// <summary>The recommendations that held at some time of a window that ends now.</summary>
    public IEnumerable<int> Recommended(DateTimeOffset now, int seconds)
    {
        var from = now.AddSeconds(-seconds);
        for (var node = _recommended.First; node is not null; node = node.Next)
            if (seconds > 0 && (node.Next is null || node.Next.Value.At > from)) yield return node.Value.Replicas;
    }
}
