using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>The least and the most that may be desired: what is promised stays, and zero is for pools that promise nothing.</summary>
internal readonly record struct Bounds(int Least, int Most)
{
    public static Bounds Of(ScalingCase c)
    {
        var scaling = c.Settings.Scaling;
        // Two sides need a replica each as soon as there is any.
        var apart = scaling.Sides is not null && (scaling.MinReplicas > 0 || c.Recent.Requests > 0) ? 2 : 0;
        var promised = ScalingClaim.Whole(Promised.Replicas(c.State.PromisedAt(c.Now, c.Now.AddSeconds(c.Rules.StartUpSeconds)), c.One));
        return new(Math.Min(scaling.MaxReplicas, Math.Max(Math.Max(scaling.MinReplicas, apart), promised)), scaling.MaxReplicas);
    }

    public int Clamp(int replicas) => Math.Clamp(replicas, Least, Most);
}

/// <summary>
/// From a recommendation to a decision: up at once, to the least that the window up agrees on; down one step after the other, never below the most of the window down. Whoever went up waits at
/// least that window before going down, so that up, down and up again never fit into one. The bounds are kept at once.
/// </summary>
internal readonly record struct Movement(int Desired, ScalingReason Reason)
{
    public static Movement Of(ScalingCase c, int current, int recommendation, double need, ScalingReason? missing)
    {
        var bounds = Bounds.Of(c);
        var bounded = bounds.Clamp(current);
        var move = bounded != current && recommendation <= Math.Max(bounded, current) ? new(bounded, bounded > current ? ScalingReason.ScaledUp : ScalingReason.ScaledDown)
            : recommendation > current ? Up(c, current, recommendation, need)
            : recommendation < current ? Down(c, current, recommendation)
            : new Movement(current, ScalingReason.Unchanged);
        move = move with { Desired = bounds.Clamp(move.Desired) };
        return missing is { } reason ? move with { Reason = reason } : move;
    }

    private static Movement Up(ScalingCase c, int current, int recommendation, double need)
    {
        var (rules, fleet) = (c.Rules, c.State.Fleet);
        if (need <= current * (1 + rules.DeadBand)) return new(current, ScalingReason.DeadBand);
        var agreed = fleet.Recommended(c.Now, rules.StabilizationUpSeconds).Append(recommendation).Min();
        if (agreed <= current) return new(current, ScalingReason.Stabilising);
        if (rules.MaxStepUp == 0) return new(agreed, ScalingReason.ScaledUp);
        if (c.Now - fleet.RaisedAt < TimeSpan.FromSeconds(rules.CoolDownSeconds)) return new(current, ScalingReason.CoolingDown);
        return agreed - current > rules.MaxStepUp ? new(current + rules.MaxStepUp, ScalingReason.StepLimited) : new(agreed, ScalingReason.ScaledUp);
    }

    private static Movement Down(ScalingCase c, int current, int recommendation)
    {
        var (rules, fleet) = (c.Rules, c.State.Fleet);
        var agreed = fleet.Recommended(c.Now, rules.StabilizationDownSeconds).Append(fleet.Last is null && rules.StabilizationDownSeconds > 0 ? current : recommendation).Max();
        if (agreed >= current) return new(current, ScalingReason.Stabilising);
        if (agreed >= current * (1 - rules.DeadBand)) return new(current, ScalingReason.DeadBand);
        if (c.Now - fleet.LoweredAt < TimeSpan.FromSeconds(rules.CoolDownSeconds)) return new(current, ScalingReason.CoolingDown);
        return current - agreed > rules.MaxStepDown ? new(current - rules.MaxStepDown, ScalingReason.StepLimited) : new(agreed, ScalingReason.ScaledDown);
    }
}
