using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>The most that the schedule asks for now or when a replica that is started now serves.</summary>
internal static class Schedule
{
    public static ScalingClaim? Of(ScalingCase c)
    {
        if (c.Settings.Scaling.Schedule is not { Count: > 0 } hints) return null;
        var then = c.Now.AddSeconds(c.Rules.StartUpSeconds);
        var due = hints.Where(hint => Cron.TryParse(hint.Cron, out var cron) && (cron.WasDue(c.Now, hint.Minutes) || cron.WasDue(then, hint.Minutes))).ToList();
        return new(ScalingSignal.Schedule, due.Select(hint => hint.Replicas).DefaultIfEmpty().Max(), new("hintsDue", due.Count), new("hints", hints.Count));
    }
}
