using TokenLedger.Contracts;

namespace TokenLedger.Benchmarks.Overload;

/// <summary>The rows of the three runs. Times to first token are those of the requests that were due in the overload, against the same requests sent alone.</summary>
internal sealed class OverloadFigures(OverloadPlan plan, OverloadRun unloaded, OverloadRun controlled, OverloadRun without)
{
    private const string Alone = "the same requests, sent alone";
    private const string Without = "without admission";

    public void Report()
    {
        foreach (var (name, share) in ((string, double)[])[("p50", 0.5), ("p99", 0.99)])
        {
            Results.Row($"overload/guaranteed-ttft-{name}", TimeToFirstToken(controlled, share), "ms", TimeToFirstToken(unloaded, share), Alone);
            Results.Row($"overload/without-admission-ttft-{name}", TimeToFirstToken(without, share), "ms", TimeToFirstToken(unloaded, share), Alone);
        }
        Results.Row("overload/guaranteed-refused", controlled.Outcomes.Count(one => one.IsRefused && IsOf(one, ServiceClass.Guaranteed)), "requests", controlled.Outcomes.Count(one => IsOf(one, ServiceClass.Guaranteed)), "sent");
        foreach (var serviceClass in (ServiceClass[])[ServiceClass.Elastic, ServiceClass.Spot])
            Results.Row($"overload/{Word(serviceClass)}-refused", RefusedPercent(serviceClass), "% of requests");
        foreach (var reason in InOverload(controlled).Where(one => one.IsRefused && IsOf(one, ServiceClass.Spot)).CountBy(one => $"{one.Status}-{one.Refusal}").OrderByDescending(reason => reason.Value))
            Results.Row($"overload/spot-refused-{reason.Key}", reason.Value, "requests");
        foreach (var serviceClass in (ServiceClass[])[ServiceClass.Guaranteed, ServiceClass.Elastic, ServiceClass.Spot])
            Results.Row($"overload/served-{Word(serviceClass)}", ServedRate(controlled, serviceClass), "tokens/s", ServedRate(without, serviceClass), Without);
        Results.Row("overload/engine-waiting-most", MostWaiting(controlled), "requests", MostWaiting(without), Without);
        Results.Row("overload/failed", Enumerable.Sum([unloaded, controlled, without], Failed), "requests");
    }

    private double TimeToFirstToken(OverloadRun run, double share) =>
        1_000 * Rounds.Percentile(InOverload(run).Where(one => one.IsServed && IsOf(one, ServiceClass.Guaranteed)).Select(one => one.TimeToFirstToken), share);

    private double RefusedPercent(ServiceClass serviceClass)
    {
        var asked = InOverload(controlled).Where(one => IsOf(one, serviceClass)).ToList();
        return 100.0 * asked.Count(one => one.IsRefused) / asked.Count;
    }

    /// <summary>Tokens of the answers that ended in the overload ÷ its length.</summary>
    private double ServedRate(OverloadRun run, ServiceClass serviceClass)
    {
        var (from, to) = plan.Overload;
        return run.Outcomes.Where(one => one.IsServed && IsOf(one, serviceClass) && one.EndedAt >= from && one.EndedAt < to).Sum(one => one.Tokens) / (to - from);
    }

    private static int MostWaiting(OverloadRun run) => run.Waiting.Select(look => look.Waiting).DefaultIfEmpty().Max();

    private static int Failed(OverloadRun run) => run.Outcomes.Count(one => !one.IsServed && !one.IsRefused);

    private IEnumerable<LoadOutcome> InOverload(OverloadRun run) => run.Outcomes.Where(one => one.Request.Due >= plan.Overload.From && one.Request.Due < plan.Overload.To);

    private static bool IsOf(LoadOutcome one, ServiceClass serviceClass) => one.Request.Tenant.ServiceClass == serviceClass;

    private static string Word(ServiceClass serviceClass) => WordConverter<ServiceClass>.Word(serviceClass);
}
