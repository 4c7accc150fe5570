using TokenLedger.Contracts;

namespace TokenLedger.Cli.Simulation;

/// <summary>What is read off a run. Tenants are named by their index, times are in seconds.</summary>
internal static class Measures
{
    /// <summary>Requests of some tenants that were first asked for in a part of the run.</summary>
    public static IEnumerable<SimulatedRequest> AskedIn(this RunLog run, Phase phase, params int[] tenants) =>
        run.Requests.Where(request => phase.Contains(request.AskedAt) && (tenants.Length == 0 || tenants.Contains(request.Tenant)));

    public static IEnumerable<Sample> SampledIn(this RunLog run, double from, double to) => run.Samples.Where(sample => sample.At >= from && sample.At < to);

    public static double TimeToFirstToken(this IEnumerable<SimulatedRequest> requests, double share) =>
        Statistics.Percentile(requests.Select(request => request.TimeToFirstToken).Where(double.IsFinite), share);

    public static double Latency(this IEnumerable<SimulatedRequest> requests, double share) =>
        Statistics.Percentile(requests.Select(request => request.Latency).Where(double.IsFinite), share);

    /// <summary>Effective admission delay: from the first attempt to the admission, refusals and retries included.</summary>
    public static double AdmissionDelay(this IEnumerable<SimulatedRequest> requests, double share) =>
        Statistics.Percentile(requests.Select(request => request.AdmissionDelay).Where(double.IsFinite), share);

    /// <summary>Slots in use ÷ slots, over the samples in which more requests than slots want to run; not a number when there are none.</summary>
    public static double UtilisationUnderPressure(this RunLog run)
    {
        var pressed = run.Samples.Where(sample => sample.Slots > 0 && sample.Wanted > sample.Slots).ToList();
        return pressed.Count == 0 ? double.NaN : (double)pressed.Sum(sample => sample.Running) / pressed.Sum(sample => sample.Slots);
    }

    public static int MostWaiting(this RunLog run) => run.Samples.Max(sample => sample.Waiting);

    /// <summary>Refusals of these tenants for another reason than their own limits.</summary>
    public static int RefusedWithinLimits(this RunLog run, params int[] tenants) =>
        run.Refusals.Count(refusal => tenants.Contains(refusal.Tenant) && refusal.Reason is not (DenialReason.ConcurrencyExceeded or DenialReason.TokensExceeded or DenialReason.KvExceeded or DenialReason.NeverFits));

    /// <summary>Requests of a tenant that came to such an end.</summary>
    public static int CountOf(this RunLog run, int tenant, Fate fate) => run.Requests.Count(request => request.Tenant == tenant && request.Fate == fate);

    /// <summary>
    /// Tokens that a tenant was due up to each sample: what a server of its baseline rate λ would have served it alone, taking in its requests as they were first asked for and keeping what it
    /// cannot serve at once. That is min(λ, demand) with a demand that waits.
    /// </summary>
    public static double[] DueTokens(this RunLog run, int tenant)
    {
        var rate = run.Scenario.Tenants[tenant].Baseline.TokensPerSecond;
        var due = new double[run.Samples.Count];
        for (var i = 1; i < due.Length; i++)
        {
            var asked = run.Samples[i].Tenants[tenant].AskedTokens;
            due[i] = Math.Min(asked, due[i - 1] + rate * (run.Samples[i].At - run.Samples[i - 1].At));
        }
        return due;
    }

    /// <summary>What a tenant received ÷ what it was due between two moments; 1 when it was due nothing.</summary>
    public static double ReceivedOverDue(this RunLog run, int tenant, double[] due, double from, double to)
    {
        var (a, b) = (run.IndexAt(from), run.IndexAt(to));
        var expected = due[b] - due[a];
        return expected <= 0 ? 1 : (run.Samples[b].Tenants[tenant].ReceivedTokens - run.Samples[a].Tenants[tenant].ReceivedTokens) / expected;
    }

    /// <summary>The last sample at or before a moment.</summary>
    public static int IndexAt(this RunLog run, double second) => Math.Clamp((int)Math.Floor(second / run.Scenario.SampleSeconds + 1e-9), 0, run.Samples.Count - 1);

    /// <summary>The longest time within an interval for which something held at every sample.</summary>
    public static double LongestWhile(this RunLog run, double from, double to, Func<Sample, bool> holds)
    {
        var (longest, since) = (0.0, double.NaN);
        foreach (var sample in run.SampledIn(from, to))
        {
            if (!holds(sample)) since = double.NaN;
            else if (double.IsNaN(since)) since = sample.At;
            else longest = Math.Max(longest, sample.At - since);
        }
        return longest;
    }
}
