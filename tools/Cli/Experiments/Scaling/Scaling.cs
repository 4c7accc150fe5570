using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>Policies that scale a pool, side by side under loads that change.</summary>
internal sealed class Scaling : Experiment
{
    public const string Us = "ours", Peak = "static-peak";
    private const string Hpa = "hpa-utilisation", HpaHalf = "hpa-utilisation-50";
    private const double FlapWindowSeconds = 300;
    private const double Target = 0.8;
    private const double Half = 0.5;
    private const double KedaThreshold = 5;

    /// <summary>Attainments that differ by less are the same, in percentage points.</summary>
    private const double Same = 0.1;
    private static readonly string[] s_policies = [Us, Hpa, HpaHalf, "keda-queue", "kv-reactive", Peak];

    /// <param name="traces">Folder of the Azure traces; without it their patterns are left out.</param>
    public Scaling(DirectoryInfo? traces, params string[] patterns) : base("scaling", "Scaling: who has the replicas when they are needed")
    {
        Patterns = [.. LoadPatterns.All.Concat(traces is null ? [] : LoadPatterns.Azure(traces)).Where(pattern => patterns.Length == 0 || patterns.Contains(pattern.Name))];
        Variants = [.. Patterns.SelectMany(pattern => s_policies.Select(policy => new Variant($"{policy}@{pattern.Name}", Scenario(pattern, policy))))];
    }

    private const string MixShift = "mix-shift";
    private static readonly string[] s_sides = [SidesRun.FollowsMix, SidesRun.KeepsRatio, SidesRun.Static];

    public IReadOnlyList<LoadPattern> Patterns { get; }

    public override IReadOnlyList<Variant> Variants { get; }

    public override bool TableForEachLoad => true;

    public override string Setup => """
        A replica has 16 sequences, 800 tokens/s counted in + out, and KV cache for 512 tokens a sequence; it serves 1.56 requests of 256 + 256 tokens a second. In every pattern a guaranteed tenant is promised 2 replicas, uses most
        of one (1.2 requests a second) and wants its first token within 1 s; elastic tenants make the pattern, wait at the door for up to 10 s and want it within 3 s; a spot tenant (0.4 requests a second) takes what is left. Nine tenths of idle promises are lent.
        Time to first token counts from when a request was first asked for, refused ones miss. All rates are Poisson, sizes even between half and one and a half of the mean.

        | pattern | load | start-up of a replica | replicas at most |
        |---|---|---|---|
        | `daily`, `daily-180` | a day in an hour: 2.5 requests a second at night, a peak of 14 in the morning and of 17 in the evening | 60 s, 180 s | 16 |
        | `flash`, `flash-180` | 3 requests a second, five times as many within 10 s at 600 s, for 10 minutes | 60 s, 180 s | 16 |
        | `shift` | 8 requests a second turn from conversation (256 + 256) to coding (768 + 64, first token within 4 s) between 600 and 900 s | 60 s | 20 |
        | `failure` | 8 requests a second; 3 of the replicas are lost at 600 s | 60 s | 16 |
        | `azure-code`, `azure-conv`, `-x3` | the Azure traces of 2023 (CC-BY 4.0) as they are and three times over, shifted by 7.3 s each; classes and targets are ours; KV cache for 4,096 tokens a sequence | 60 s | 30, 36, 90, 108 |

        | policy | as it is defined |
        |---|---|
        | `ours` | `ScalingDecisions.Decide` every 5 s with the default rules, the start-up time, a target for the time to first token of 1 s, and a target utilisation of 0.8 |
        | `hpa-utilisation` | a HorizontalPodAutoscaler: ⌈replicas · utilisation ÷ 0.8⌉ every 15 s, tolerance 10 %, up by at most 4 or 100 % in 15 s, down to the most of 300 s; utilisation is the share of batch slots in use, mean of 15 s |
        | `hpa-utilisation-50` | the same with a target of 0.5: bought with headroom |
        | `keda-queue` | KEDA on the queue, at the engines and at the door: ⌈waiting ÷ 5⌉ through its HPA, polled every 30 s |
        | `kv-reactive` | one more above 90 % of the KV cache over 10 s, one less below 50 %, 30 s of rest after a change |
        | `static-peak` | the most replicas, always |

        Nobody may go below the 2 replicas that are promised nor above the most. A replica that starts, serves or drains costs; one that is stopped drains for up to 60 s. `behind-best` is how far ours is behind the rival that attains the most
        (guaranteed and elastic together), `behind-best-scaling` the same without `static-peak`; `gpu-to-cheapest-equal` is what ours costs ÷ what the cheapest rival costs that attains as much (within 0.1 points).
        `mix-shift` runs prefill and decode apart, in a fluid model: a prefill replica reads 4,000 tokens/s, a decode replica makes 400; 8 requests a second turn from conversation (256 + 256) to coding (1,536 + 64) between 600
        and 900 s, and want their first token within 2 s. `ours` follows the mix, `ratio-kept` is the same with the ratio of 1 : 7 that conversation needs, `static-peak` has what each side needs at its peak, 4 and 7.
        A flap is up, down and up again within 300 s.
        """;

    private static Scenario Scenario(LoadPattern pattern, string policy)
    {
        var rules = new ScalingRules(StartUpSeconds: (int)pattern.StartUpSeconds, TimeToFirstTokenTargetMs: (int)LoadPatterns.GuaranteedTargetMs);
        var pool = new PoolSettings(
            "simulated", pattern.Start, new(LoadPatterns.TokensPerSecond, LoadPatterns.Sequences * pattern.KvPerSequence, LoadPatterns.Sequences), KvBytesPerToken: 1, DefaultMaxOutputTokens: 256,
            BurstSeconds: 10, LeaseSeconds: 300, TickMs: 1_000, new(MinReplicas: 1, pattern.Most, Target, rules), Lending: Policies.DefaultLending);
        return new("scaling", pool, pattern.Tenants, pattern.Seconds)
        {
            SampleSeconds = 5,
            Fleet = new(() => Policy(policy, pattern.Most), pattern.StartUpSeconds, pattern.Failures),
        };
    }

    private static FleetPolicy Policy(string name, int most) => name switch
    {
        Us => new Ours(),
        Hpa => new HpaOnUtilisation(LoadPatterns.Promised, most, Target),
        HpaHalf => new HpaOnUtilisation(LoadPatterns.Promised, most, Half),
        "keda-queue" => new KedaOnQueue(LoadPatterns.Promised, most, KedaThreshold),
        "kv-reactive" => new KvReactiveOnly(LoadPatterns.Promised, most),
        _ => new StaticPeak(most),
    };

    public override IEnumerable<Figure> Measure(IReadOnlyDictionary<string, RunLog> runs)
    {
        var seed = runs.Values.First().Seed;
        foreach (var (variant, run) in runs)
        {
            yield return new(variant, "guaranteed-attainment", run.Attainment(ServiceClass.Guaranteed), "%");
            yield return new(variant, "elastic-attainment", run.Attainment(ServiceClass.Elastic), "%");
            yield return new(variant, "guaranteed-refusals", run.GuaranteedRefusals(), "attempts", Worst: Worst.Largest);
            yield return new(variant, "elastic-refused", run.RefusedKilotokens(ServiceClass.Elastic), "k tokens");
            yield return new(variant, "spot-refused", run.RefusedKilotokens(ServiceClass.Spot), "k tokens");
            yield return new(variant, "gpu-hours", run.GpuHours(), "h");
            yield return new(variant, "scale-events", run.Changes().Count, "changes");
            yield return new(variant, "flaps", run.Flaps(FlapWindowSeconds), "", Worst: Worst.Largest);
            if (variant.Split('@') is [Us, var load])
                foreach (var figure in Compare(variant, run, [.. runs.Where(rival => rival.Key != variant && rival.Key.EndsWith("@" + load, StringComparison.Ordinal))])) yield return figure;
        }
        foreach (var figure in MeasureSides(seed)) yield return figure;
    }

    private static IEnumerable<Figure> MeasureSides(int seed)
    {
        foreach (var policy in s_sides)
        {
            var run = SidesRun.Play(policy, seed);
            yield return new($"{policy}@{MixShift}", "in-time", run.Attainment, "%");
            yield return new($"{policy}@{MixShift}", "gpu-hours", run.GpuHours, "h");
            yield return new($"{policy}@{MixShift}", "scale-events", run.Changes, "changes");
        }
    }

    private static IEnumerable<Figure> Compare(string variant, RunLog us, IReadOnlyList<KeyValuePair<string, RunLog>> rivals)
    {
        static double Of(RunLog run) => run.Attainment(ServiceClass.Guaranteed, ServiceClass.Elastic);
        if (rivals.Count == 0) yield break;
        var attained = Of(us);
        var equal = rivals.Where(rival => Of(rival.Value) >= attained - Same).ToList();
        yield return new(variant, "behind-best", Math.Max(0, rivals.Max(rival => Of(rival.Value)) - attained), "points");
        yield return new(variant, "behind-best-scaling", Math.Max(0, rivals.Where(rival => !rival.Key.StartsWith(Peak, StringComparison.Ordinal)).Max(rival => Of(rival.Value)) - attained), "points");
        yield return new(variant, "gpu-to-cheapest-equal", equal.Count == 0 ? 0 : us.GpuHours() / equal.Min(rival => rival.Value.GpuHours()), "");
    }

    public override IEnumerable<(string File, Chart Chart)> Draw(IReadOnlyDictionary<string, RunLog> runs)
    {
        foreach (var load in runs.GroupBy(run => run.Key.Split('@')[1]))
            yield return ($"scaling-{load.Key}", FleetPictures.Of(load.Key, [.. load.Select(run => (run.Key.Split('@')[0], run.Value))]));
        var seed = runs.Values.First().Seed;
        yield return ($"scaling-{MixShift}", FleetPictures.Of([.. s_sides.Select(policy => (policy, SidesRun.Play(policy, seed)))], seed));
    }
}
