using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>What a run of a scaled pool came to.</summary>
internal static class FleetFigures
{
    /// <summary>Requests asked for so shortly before the end that they could not have been answered are left out.</summary>
    private const double TailSeconds = 30;

    /// <summary>Share of the requests of a class whose first token came within the target, counted from when they were first asked for; in %.</summary>
    public static double Attainment(this RunLog run, params ServiceClass[] classes)
    {
        var asked = run.Requests.Where(request => classes.Contains(run.ClassOf(request)) && request.AskedAt < run.Scenario.Seconds - TailSeconds).ToList();
        return asked.Count == 0 ? 100 : 100.0 * asked.Count(request => IsInTime(run, request)) / asked.Count;
    }

    public static bool IsInTime(RunLog run, SimulatedRequest request) =>
        request.FirstTokenAt - request.AskedAt <= run.Scenario.Tenants[request.Tenant].SloTargetMs / 1_000.0;

    public static ServiceClass ClassOf(this RunLog run, SimulatedRequest request) => run.Scenario.Tenants[request.Tenant].ServiceClass;

    /// <summary>Thousands of tokens that were never served for want of capacity.</summary>
    public static double RefusedKilotokens(this RunLog run, ServiceClass serviceClass) =>
        run.Requests.Where(request => run.ClassOf(request) == serviceClass && request.Fate == Fate.GivenUp).Sum(request => request.Tokens) / 1_000.0;

    /// <summary>Attempts within its own limits that a guaranteed tenant was refused.</summary>
    public static int GuaranteedRefusals(this RunLog run) =>
        run.RefusedWithinLimits([.. run.Scenario.Tenants.Index().Where(tenant => tenant.Item.ServiceClass == ServiceClass.Guaranteed).Select(tenant => tenant.Index)]);

    public static double GpuHours(this RunLog run) => run.Fleet.Sum(sample => (double)sample.Paid) * run.Scenario.Fleet!.LookSeconds / 3_600;

    /// <summary>Changes of what is desired, with their direction.</summary>
    public static List<(double At, int By)> Changes(this RunLog run) =>
        [.. run.Fleet.Zip(run.Fleet.Skip(1), (a, b) => (b.At, b.Desired - a.Desired)).Where(change => change.Item2 != 0)];

    /// <summary>Up, down and up again within a window.</summary>
    public static int Flaps(this RunLog run, double windowSeconds)
    {
        var (flaps, changes) = (0, run.Changes());
        for (var i = 0; i < changes.Count; i++)
        {
            if (changes[i].By < 0) continue;
            var down = changes.FindIndex(i, change => change.By < 0);
            var again = down < 0 ? -1 : changes.FindIndex(down, change => change.By > 0);
            // Counted once, from the last step up before the fall.
            if (again >= 0 && down == i + 1 && changes[again].At - changes[i].At <= windowSeconds) flaps++;
        }
        return flaps;
    }
}
