using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>Half of a pool stays lost: whether both tenants converge to equal shares of what there is.</summary>
internal sealed class ScarcityEndless() : Experiment("scarcity-endless", "Scarcity without end: two elastic tenants share half of what they were promised")
{
    private const double Window = 300;

    public override IReadOnlyList<Variant> Variants { get; } =
        [.. ((AdmissionPolicy[])[AdmissionPolicy.Threshold, AdmissionPolicy.WeightedShare]).Select(policy => new Variant(Policies.Word(policy), Scenario(policy)))];

    public override string Setup => """
        As in the scarcity experiment, but one replica of 8 sequences and 120 tokens/s is all there is for 30 minutes, and `copilot` (2.33 requests of 32 tokens a second) and `synth` (2.33 of 64 tokens) each are entitled
        to 5 sequences and 75 tokens/s of it. Requests wait at the pool for up to 30 s; those that wait in vain come back after Retry-After and up to a second later, within 30 s of their first attempt. Shares are received ÷ due over every window of 5 minutes that begins after the first five.
        """;

    public static Scenario Scenario(AdmissionPolicy policy)
    {
        var scarcity = Scarcity.WithBacklog(policy);
        return scarcity with
        {
            Name = "scarcity-endless",
            Seconds = 1800,
            Capacity = [new(0, 1)],
            Phases = [new("all", 0, 1800)],
            SampleSeconds = 1,
            Tenants = [.. scarcity.Tenants.Take(2).Select(tenant => tenant with { Retries = Retries.AfterRetryAfter with { PatienceSeconds = 30 } })],
        };
    }

    public override IEnumerable<Figure> Measure(IReadOnlyDictionary<string, RunLog> runs) => runs.SelectMany(run => Measure(run.Key, run.Value));

    private static IEnumerable<Figure> Measure(string variant, RunLog run)
    {
        var due = new[] { run.DueTokens(0), run.DueTokens(1) };
        var windows = Enumerable.Range(5, 21).Select(minute => minute * 60.0).ToList();
        double Share(int tenant, double from) => run.ReceivedOverDue(tenant, due[tenant], from, from + Window);
        double Behind(int tenant, int sample) => (due[tenant][sample] - run.Samples[sample].Tenants[tenant].ReceivedTokens) / run.Scenario.Tenants[tenant].Baseline.TokensPerSecond;
        foreach (var (index, tenant) in run.Scenario.Tenants.Index()) yield return new(variant, $"{tenant.Name}-share", Share(index, 1500), "of due in the last 5 min");
        yield return new(variant, "shares-apart-most", windows.Max(from => Math.Max(Share(0, from), Share(1, from)) / Math.Min(Share(0, from), Share(1, from)) - 1) * 100, "% over 5 min");
        yield return new(variant, "behind-most", Enumerable.Range(0, run.Samples.Count).Max(i => Math.Abs(Behind(0, i) - Behind(1, i))), "s of service");
    }

    public override IEnumerable<(string File, Chart Chart)> Draw(IReadOnlyDictionary<string, RunLog> runs)
    {
        var pictures = new RunPictures(runs) { BinSeconds = 20 };
        yield return ("scarcity-endless-received", pictures.Received("Tokens received"));
        yield return ("scarcity-endless-owed", pictures.Owed("Service owed"));
    }
}
