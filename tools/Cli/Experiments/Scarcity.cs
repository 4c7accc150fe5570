using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>Half of a pool fails while elastic tenants share it (arXiv 2603.00356, the scarcity experiment), and what becomes of what they were denied.</summary>
internal sealed class Scarcity() : Experiment("scarcity", "Scarcity: elastic tenants lose half of their pool for 90 seconds")
{
    public const string Copilot = "copilot";
    public const string Synth = "synth";
    public const string Reports = "reports";
    public const string Spot = "spot";
    private const double Lost = 30;
    private const double Recovered = 120;
    private const double Repaid = Recovered + 60;
    private const double Joins = 210;
    private const double Window = 30;

    /// <summary>What runs when capacity is lost is not stopped: only when it has ended is there anything to divide.</summary>
    private const double Settling = 5;
    private const string Backlog = "@backlog";

    public override IReadOnlyList<Variant> Variants { get; } =
    [
        .. Policies.All.Select(policy => new Variant(Policies.Word(policy), Published(policy))),
        .. ((AdmissionPolicy[])[AdmissionPolicy.Threshold, AdmissionPolicy.WeightedShare]).Select(policy => new Variant(Policies.Word(policy) + Backlog, WithBacklog(policy))),
    ];

    public override string Setup => """
        Two replicas of 8 sequences and 120 tokens/s, one of them lost from 30 to 120 s; sequences that lose their slot go back to the head of the engine's queue and read their tokens again. All entitlements are
        elastic with 5 sequences: `copilot` (target 500 ms), `synth` (30 s), and `reports` (5 s) from 210 s on. Ours, where the paper is silent: λ is 120 tokens/s, so that `copilot` and `synth` together are promised the whole pool; 2.33 requests a second of 32 tokens for `copilot`,
        2.33 of 64 for `synth`, 0.91 of 176 for `reports`, half of the tokens input, evenly spaced give or take a tenth: 75, 149 and 160 tokens/s. These rates are what the published counts add up to. In the published set-up nobody comes back after a refusal.

        In the variants with `@backlog` λ is 75 tokens/s, what 5 of 16 sequences get of 240, requests of the three wait at the pool for up to 30 s (`waitMs`), everybody who is refused comes back after Retry-After and up to a second later, without end, and a `spot` tenant of 16 clients wants more from 10 s on.
        What a tenant is due is what a server of its own baseline would have served it (min(λ, demand), with a demand that waits); the least share of `copilot` is the smallest received ÷ due over any 30 s from 5 s after the loss on, when what ran before has made room.
        """;

    public static Scenario Published(AdmissionPolicy policy) => Of(policy,
        [Elastic(Copilot, 500, 2.33, 32), Elastic(Synth, 30_000, 2.33, 64), Elastic(Reports, 5_000, 0.91, 176) with { Start = Joins, EntitledFrom = Joins }]);

    public static Scenario WithBacklog(AdmissionPolicy policy)
    {
        var published = Published(policy);
        return published with
        {
            Tenants =
            [
                .. published.Tenants.Select(tenant => tenant with { Baseline = tenant.Baseline with { TokensPerSecond = 75 }, Retries = Retries.AfterRetryAfter, WaitMs = 30_000 }),
                new(Spot, ServiceClass.Spot, default, 30_000, new ClosedLoop(16)) { Input = TokenCount.Exactly(32), Output = TokenCount.Exactly(32), Retries = Retries.AfterRetryAfter, Start = 10 },
            ],
        };
    }

    public override IEnumerable<Figure> Measure(IReadOnlyDictionary<string, RunLog> runs) =>
        runs.SelectMany(run => run.Key.EndsWith(Backlog, StringComparison.Ordinal) ? MeasureRepayment(run.Key, run.Value, runs) : MeasurePublished(run.Key, run.Value));

    public override IEnumerable<(string File, Chart Chart)> Draw(IReadOnlyDictionary<string, RunLog> runs)
    {
        var shown = runs.Where(run => !run.Key.StartsWith("admit-all", StringComparison.Ordinal) && !run.Key.StartsWith("rate-limit", StringComparison.Ordinal)).ToDictionary();
        var pictures = new RunPictures(shown.Count > 0 ? shown : runs) { Shaded = [(Lost, Recovered)] };
        yield return ("scarcity-slots", pictures.Slots("Sequences held"));
        yield return ("scarcity-debt", pictures.Debt("Debt"));
        yield return ("scarcity-weight", pictures.Weight("Priority weight"));
        yield return ("scarcity-owed", pictures.Owed("Service owed"));
        yield return ("scarcity-received", pictures.Received("Tokens received"));
        yield return ("scarcity-admissions", pictures.Admissions("Admissions and refusals a second"));
        yield return ("scarcity-delay", pictures.Delay("Effective admission delay, retries included"));
    }

    private static IEnumerable<Figure> MeasurePublished(string variant, RunLog run)
    {
        // The paper ran its own policy only; the other columns stand beside it.
        double? Of(double value) => variant == "threshold" ? value : null;
        (string Name, double Served, double Refused, double Debt)[] published = [(Copilot, 700, 0, 0.607), (Synth, 381, 317, 0.775), (Reports, 60, 22, 0.414)];
        foreach (var (name, served, refused, debt) in published)
        {
            var tenant = run.TenantIndex(name);
            yield return new(variant, $"{name}-served", run.CountOf(tenant, Fate.Served), "requests", Of(served));
            yield return new(variant, $"{name}-refused", run.CountOf(tenant, Fate.GivenUp), "requests", Of(refused));
            yield return new(variant, $"{name}-debt-most", run.Samples.Max(sample => sample.Tenants[tenant].Debt), "", Of(debt));
        }
        var (copilot, synth) = (run.TenantIndex(Copilot), run.TenantIndex(Synth));
        var refusals = run.Scenario.Tenants.Index().Select(t => run.CountOf(t.Index, Fate.GivenUp)).ToList();
        yield return new(variant, "copilot-weight-start", run.Samples[0].Tenants[copilot].Weight, "", Of(93.85));
        yield return new(variant, "synth-weight-start", run.Samples[0].Tenants[synth].Weight, "", Of(20.27));
        yield return new(variant, "synth-weight-most", run.SampledIn(Lost, Recovered).Max(sample => sample.Tenants[synth].Weight), "", Of(83.2));
        var promised = run.SampledIn(0, Joins).ToList();
        yield return new(variant, "order-flipped", 100.0 * promised.Count(sample => sample.Tenants[synth].Weight >= sample.Tenants[copilot].Weight) / promised.Count, "% of the time until 210 s", Of(0));
        yield return new(variant, "refused-of-synth", 100.0 * refusals[synth] / Math.Max(1, refusals.Sum()), "% of refusals", Of(100 * 317 / 339.0));
        yield return new(variant, "debt-gone", run.Samples.LastOrDefault(sample => sample.At < Joins && sample.Tenants.Max(t => t.Debt) >= 0.05)?.At - Recovered ?? double.NaN, "s after recovery", Of(50));
        yield return new(variant, "copilot-held-in-outage", run.SampledIn(Lost + 10, Recovered).Average(sample => sample.Tenants[copilot].Held), "sequences", Of(6));
        yield return new(variant, "synth-held-in-outage", run.SampledIn(Lost + 10, Recovered).Average(sample => sample.Tenants[synth].Held), "sequences", Of(2.5));
    }

    private static IEnumerable<Figure> MeasureRepayment(string variant, RunLog run, IReadOnlyDictionary<string, RunLog> runs)
    {
        var (copilot, synth, spot) = (run.TenantIndex(Copilot), run.TenantIndex(Synth), run.TenantIndex(Spot));
        var due = new[] { run.DueTokens(copilot), run.DueTokens(synth) };
        yield return new(variant, "copilot-share-least", Windows(Lost + Settling, Repaid).Min(at => run.ReceivedOverDue(copilot, due[0], at, at + Window)), "of due over 30 s");
        yield return new(variant, "copilot-share-outage", run.ReceivedOverDue(copilot, due[0], Lost, Recovered), "of due");
        yield return new(variant, "copilot-p99", CopilotP99(run), "s");
        if (runs.TryGetValue("threshold" + Backlog, out var threshold) && threshold != run)
            yield return new(variant, "copilot-p99-to-threshold", CopilotP99(run) / CopilotP99(threshold), "×");
        yield return new(variant, "synth-below-2", run.LongestWhile(Lost, Recovered, sample => sample.Tenants[synth].Held < 2), "s at most");
        yield return new(variant, "synth-share-outage", run.ReceivedOverDue(synth, due[1], Lost, Recovered), "of due");
        yield return new(variant, "copilot-repaid", run.ReceivedOverDue(copilot, due[0], Lost, Repaid), "of due by 60 s after recovery");
        yield return new(variant, "synth-repaid", run.ReceivedOverDue(synth, due[1], Lost, Repaid), "of due by 60 s after recovery");
        yield return new(variant, "owed-most", run.Samples.Max(sample => SecondsOwed(run, sample)), "s of the baseline");
        yield return new(variant, "spot-while-owed", run.Requests.Count(request => request.Tenant == spot && double.IsFinite(request.AdmittedAt) && IsOwed(run, request.AdmittedAt)), "requests");
        yield return new(variant, "spot-served", run.CountOf(spot, Fate.Served), "requests");
    }

    private static double CopilotP99(RunLog run) =>
        Statistics.Percentile(run.Requests.Where(r => r.Tenant == run.TenantIndex(Copilot) && r.Fate == Fate.Served).Select(r => r.EndedAt - r.AskedAt), 0.99);

    private static IEnumerable<double> Windows(double from, double to)
    {
        for (var at = from; at + Window <= to; at++) yield return at;
    }

    /// <summary>At the last tick somebody was owed a second of its baseline or more and wanted more sequences than its limit allows.</summary>
    private static bool IsOwed(RunLog run, double second) => run.Samples[run.IndexAt(Math.Floor(second))] is var sample
        && run.Scenario.Tenants.Index().Any(t => SecondsOwed(t.Item, sample.Tenants[t.Index]) >= 1 && sample.Tenants[t.Index].Wanted > sample.Tenants[t.Index].Limits.Sequences);

    private static double SecondsOwed(RunLog run, Sample sample) => run.Scenario.Tenants.Index().Max(t => SecondsOwed(t.Item, sample.Tenants[t.Index]));

    private static double SecondsOwed(Tenant tenant, TenantSample sample) => tenant.Baseline.TokensPerSecond == 0 ? 0 : (double)sample.OwedTokens / tenant.Baseline.TokensPerSecond;

    private static Scenario Of(AdmissionPolicy policy, IReadOnlyList<Tenant> tenants) => new(
        "scarcity", Pools.Of(replicas: 2, sequences: 8, tokensPerSecond: 120, policy, Policies.DefaultLending), tenants, 300, [new(Lost, 1), new(Recovered, 2)],
        [new("before", 0, Lost), new("outage", Lost, Recovered), new("after", Recovered, 300)]);

    private static Tenant Elastic(string name, long targetMs, double perSecond, long tokens, long tokensPerSecond = 120) =>
        new(name, ServiceClass.Elastic, new(tokensPerSecond, 5 * Pools.KvPerSequence, 5), targetMs, new OpenLoop(perSecond, Even: true)) { Input = TokenCount.Exactly(tokens / 2), Output = TokenCount.Exactly(tokens / 2) };
}
