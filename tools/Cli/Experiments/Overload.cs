using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>A guaranteed tenant comes back to a pool that spot has filled (arXiv 2603.00356, the overload experiment).</summary>
internal sealed class Overload() : Experiment("overload", "Overload: guaranteed tenants against a spot tenant that wants more than is left")
{
    public const string Returning = "guaranteed-c";
    public const string Always = "guaranteed-a";
    public const string Spot = "spot-b";

    /// <summary>128 tokens at a sixteenth of 240 tokens a second.</summary>
    private const double ServiceSeconds = 128 / 15.0;
    private const int SpotClients = 10;
    private const int MoreSpotClients = 30;
    private const int WaitMs = 10_000;
    private const double SpotPatience = 3;
    private const double ReturnSeconds = 8;
    private const double FormerShare = 0.95;
    private static readonly Phase s_before = new("before", 0, 30);
    private static readonly Phase s_overload = new("overload", 30, 60);
    private static readonly Phase s_after = new("after", 60, 90);

    public override IReadOnlyList<Variant> Variants { get; } = [.. Policies.All.Select(policy => new Variant(Policies.Word(policy), Scenario(policy, Policies.DefaultLending)))];

    public override string Setup => """
        One replica: 16 sequences, 240 tokens/s counted in + out, KV cache not binding. Requests are 64 + 64 tokens, so one takes 8.53 s when all slots are taken. Ours, where the paper is silent:
        both guaranteed tenants are entitled to 6 sequences and 90 tokens/s all along and have 6 clients in a closed loop without thinking. Those of `guaranteed-a` start within the first 4.3 s, those of `guaranteed-c` within 8 s
        from 30 s on, and send nothing new from 60 s on; what they sent runs to its end. `spot-b` has 10 clients in a closed loop from 0 s, as many as fit beside one guaranteed tenant, and 30 more from 30 to 60 s.
        Who is refused comes back after Retry-After and up to a second later; a client of `spot-b` that was
        told to wait for longer than 3 s in all drops the request and sends a new one a second later. Under `weighted-share` the clients of `spot-b` let the pool keep a request waiting for up to 10 s (`waitMs`), which the other policies, as published, do not know.
        `spot-b` and `guaranteed-c` start up to 1 s later at random, so that no seed meets the same moment. Lending is 0.9: nine tenths of an idle guaranteed baseline are lent (the lending experiment varies that).
        Time to first token counts from the attempt that was admitted; no guaranteed attempt is refused within its limits. Spot's recovery counts from the end of the last request of `guaranteed-c`.
        """;

    /// <param name="bursty">Spot comes as a Poisson process of 1.75 requests a second that give up after 3 s, instead of one client after the other.</param>
    public static Scenario Scenario(AdmissionPolicy policy, double lending, bool bursty = false) => new(
        "overload", Pools.Of(replicas: 1, sequences: 16, tokensPerSecond: 240, policy, lending),
        [
            new(Always, ServiceClass.Guaranteed, new(90, Pools.KvPerSequence * 6, 6), 500, new ClosedLoop(6, StaggerSeconds: ServiceSeconds / 2)) { Retries = Retries.AfterRetryAfter },
            new(Spot, ServiceClass.Spot, default, 30_000, bursty ? new OpenLoop(1.75) : new ClosedLoop(SpotClients, StaggerSeconds: ServiceSeconds, MoreClients: MoreSpotClients, MoreAfter: 30, MoreSeconds: 30))
            {
                Retries = Retries.AfterRetryAfter with { PatienceSeconds = SpotPatience }, StartJitter = 1,
                WaitMs = policy == AdmissionPolicy.WeightedShare ? WaitMs : 0,
            },
            new(Returning, ServiceClass.Guaranteed, new(90, Pools.KvPerSequence * 6, 6), 500, new ClosedLoop(6, StaggerSeconds: ReturnSeconds)) { Retries = Retries.AfterRetryAfter, Start = 30, StartJitter = 1, Stop = 60 },
        ],
        90, Phases: [s_before, s_overload, s_after])
    { SampleSeconds = 0.25 };

    public override IEnumerable<Figure> Measure(IReadOnlyDictionary<string, RunLog> runs) => runs.SelectMany(run => Measure(run.Key, run.Value));

    public static IEnumerable<Figure> Measure(string variant, RunLog run)
    {
        var guaranteed = new[] { run.TenantIndex(Always), run.TenantIndex(Returning) };
        var spot = run.TenantIndex(Spot);
        var controlled = variant is "threshold" or "weighted-share";
        foreach (var phase in run.Scenario.Phases!)
            yield return new(variant, $"guaranteed-ttft-p99-{phase.Name}", run.AskedIn(phase, guaranteed).TimeToFirstToken(0.99), "s", controlled ? 1.2 : null);
        yield return new(variant, "guaranteed-refused-within", run.RefusedWithinLimits(guaranteed), "requests", controlled ? 0 : null, Worst.Largest);
        yield return new(variant, "engine-waiting-most", run.MostWaiting(), "requests", variant == "admit-all" ? 34 : controlled ? 0 : null);
        yield return new(variant, "latency-p99", run.AskedIn(new("all", 0, 90)).Latency(0.99), "s", variant == "admit-all" ? 19 : null);
        yield return new(variant, "spot-cut-overload", 100 * (1 - Received(run, spot, 40, 60) / 20 / (Received(run, spot, 20, 30) / 10)), "% below before", controlled ? 47 : null);
        yield return new(variant, "spot-refused-overload", 100 * RefusedShare(run, spot, s_overload), "% of attempts");
        yield return new(variant, "spot-delay-p50-overload", run.AskedIn(s_overload, spot).AdmissionDelay(0.5), "s");
        yield return new(variant, "spot-recovery", SpotRecovery(run, spot, guaranteed[1]), "s", controlled ? 0 : null);
        yield return new(variant, "slots-used-under-pressure", 100 * run.UtilisationUnderPressure(), "%");
    }

    public override IEnumerable<(string File, Chart Chart)> Draw(IReadOnlyDictionary<string, RunLog> runs)
    {
        var pictures = new RunPictures(runs) { Shaded = [(30, 60)] };
        yield return ("overload-queue", pictures.Queue("Running and waiting requests"));
        yield return ("overload-latency", pictures.Latency("Latency of requests by when they were sent"));
        yield return ("overload-slots", pictures.Slots("Sequences held"));
        yield return ("overload-admissions", pictures.Admissions("Admissions and refusals a second"));
        yield return ("overload-delay", pictures.Delay("Effective admission delay, retries included"));
    }

    /// <summary>Refused attempts ÷ attempts.</summary>
    private static double RefusedShare(RunLog run, int tenant, Phase phase)
    {
        var refused = run.Refusals.Count(refusal => refusal.Tenant == tenant && phase.Contains(refusal.At));
        var admitted = run.Requests.Count(request => request.Tenant == tenant && phase.Contains(request.AdmittedAt));
        return refused == 0 ? 0 : (double)refused / (refused + admitted);
    }

    private static double Received(RunLog run, int tenant, double from, double to) =>
        run.Samples[run.IndexAt(to)].Tenants[tenant].ReceivedTokens - run.Samples[run.IndexAt(from)].Tenants[tenant].ReceivedTokens;

    /// <summary>From the end of the last request of the tenant that left until spot holds 95 % of what it held on average in the ten seconds before that tenant came.</summary>
    private static double SpotRecovery(RunLog run, int spot, int returning)
    {
        var left = run.Requests.Where(request => request.Tenant == returning).Select(request => request.EndedAt).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max();
        var former = run.SampledIn(20, 30).Average(sample => sample.Tenants[spot].Held);
        var back = run.Samples.FirstOrDefault(sample => sample.At >= left && sample.Tenants[spot].Held >= FormerShare * former);
        return back is null ? run.Scenario.Seconds - left : back.At - left;
    }
}
