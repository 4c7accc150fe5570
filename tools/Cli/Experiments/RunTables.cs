using System.Globalization;
using System.Text;
using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>Runs as CSV: the state over time, what each tenant got in each phase, and why it was refused.</summary>
internal static class RunTables
{
    private static readonly double[] s_shares = [0.5, 0.9, 0.99];

    /// <summary>A line for each sample, with the columns of each tenant one after the other.</summary>
    public static string Timeline(RunLog run)
    {
        string[] columns = ["held", "waitingForAdmission", "wanted", "admitted", "refused", "askedTokens", "receivedTokens", "debt", "weight", "owedTokens", "limitTokensPerSecond", "limitSequences"];
        var text = new StringBuilder("second,running,waitingAtEngine,slots");
        foreach (var tenant in run.Scenario.Tenants)
            foreach (var column in columns) text.Append(CultureInfo.InvariantCulture, $",{tenant.Name}:{column}");
        text.Append('\n');
        foreach (var sample in run.Samples)
        {
            text.Append(CultureInfo.InvariantCulture, $"{sample.At:0.###},{sample.Running},{sample.Waiting},{sample.Slots}");
            foreach (var t in sample.Tenants)
                text.Append(CultureInfo.InvariantCulture,
                    $",{t.Held},{t.Waiting},{t.Wanted},{t.Admitted},{t.Refused},{t.AskedTokens},{t.ReceivedTokens:0.#},{t.Debt:0.####},{t.Weight:0.##},{t.OwedTokens},{t.Limits.TokensPerSecond},{t.Limits.Sequences}");
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>A line for each tenant in each phase, of the requests first asked for in it; times in seconds.</summary>
    public static string Tenants(IReadOnlyDictionary<string, RunLog> runs)
    {
        var text = new StringBuilder("variant,phase,tenant,asked,served,givenUp,attempts,timeToFirstToken50,timeToFirstToken90,timeToFirstToken99,latency50,latency90,latency99,admissionDelay50,admissionDelay90,admissionDelay99\n");
        foreach (var (variant, run) in runs)
            foreach (var phase in PhasesOf(run))
                foreach (var (index, tenant) in run.Scenario.Tenants.Index())
                {
                    var requests = run.AskedIn(phase, index).ToList();
                    text.Append(CultureInfo.InvariantCulture, $"{variant},{phase.Name},{tenant.Name},{requests.Count},{requests.Count(r => r.Fate == Fate.Served)},{requests.Count(r => r.Fate == Fate.GivenUp)},{requests.Sum(r => r.Attempts)}");
                    foreach (var share in s_shares) Cell(text, requests.TimeToFirstToken(share));
                    foreach (var share in s_shares) Cell(text, requests.Latency(share));
                    foreach (var share in s_shares) Cell(text, requests.AdmissionDelay(share));
                    text.Append('\n');
                }
        return text.ToString();
    }

    /// <summary>A line for each reason for which a tenant was refused in a phase.</summary>
    public static string Refusals(IReadOnlyDictionary<string, RunLog> runs)
    {
        var text = new StringBuilder("variant,phase,tenant,reason,refusals,meanRetryAfterMs\n");
        foreach (var (variant, run) in runs)
            foreach (var phase in PhasesOf(run))
                foreach (var refusals in run.Refusals.Where(refusal => phase.Contains(refusal.At)).GroupBy(refusal => (refusal.Tenant, refusal.Reason)).OrderBy(group => group.Key))
                    text.Append(CultureInfo.InvariantCulture,
                        $"{variant},{phase.Name},{run.Scenario.Tenants[refusals.Key.Tenant].Name},{WordConverter<DenialReason>.Word(refusals.Key.Reason)},{refusals.Count()},{refusals.Average(refusal => refusal.RetryAfterMs):0}\n");
        return text.ToString();
    }

    private static void Cell(StringBuilder text, double value) => text.Append(',').Append(double.IsFinite(value) ? value.ToString("0.###", CultureInfo.InvariantCulture) : "");

    private static IReadOnlyList<Phase> PhasesOf(RunLog run) => run.Scenario.Phases ?? [new("all", 0, run.Scenario.Seconds)];
}
