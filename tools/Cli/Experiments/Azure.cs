using System.Globalization;
using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;
using TokenLedger.Cli.Traces;
using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;

namespace TokenLedger.Cli.Experiments;

/// <summary>Two production traces as two tenants of one pool that is too small, just right and ample.</summary>
internal sealed class Azure : Experiment
{
    private const int Seconds = 3600;
    private static readonly int[] s_replicas = [6, 8, 10, 13];
    private static readonly string[] s_files = ["azure-llm-2023-code.csv", "azure-llm-2023-conv.csv"];

    public Azure(DirectoryInfo traces) : base("azure", "Azure: two production traces share a pool")
    {
        var files = FilesIn(traces).Select(TraceFile.Open).ToList();
        var first = files.SelectMany(file => file.Rows).Min(row => row.Arrival);
        var requests = files.Select(file => file.Rows.Select(row => new RecordedArrival((row.Arrival - first).TotalSeconds, row.InputTokens, row.OutputTokens)).ToList()).ToList();
        Variants = [.. s_replicas.SelectMany(replicas => Policies.All.Select(policy => new Variant($"{Policies.Word(policy)}@{10 * replicas}%", Scenario(policy, replicas, requests))))];
    }

    public static IReadOnlyList<string> FilesIn(DirectoryInfo traces) => [.. s_files.Select(file => Path.Combine(traces.FullName, file))];

    public override IReadOnlyList<Variant> Variants { get; }

    public override string Setup => """
        The merged Azure LLM inference traces of 2023 (Azure public data set, CC-BY 4.0): `code`, 8,819 requests of long input and short output in bursts, elastic with a target of 500 ms; `conv`, 19,366 steady requests,
        elastic with 5 s. Classes and targets are ours. A replica has 1,280 tokens/s and 13 sequences, so that ten of them serve the mean load of 12,800 tokens/s exactly; 6, 8, 10 and 13 of them run. `code` is entitled to 5,200 tokens/s and
        39 sequences, `conv` to 7,600 and 91, their mean loads on ten replicas. Refused requests come back after Retry-After and up to a second later, for 60 s; under `weighted-share` the pool keeps requests
        waiting for up to 30 s (`waitMs`), which the other policies, as published, do not know. A spot tenant of 20 clients (512 + 128 tokens) always wants more.
        The output limit a request names is what the trace says it produced.
        """;

    private static Scenario Scenario(AdmissionPolicy policy, int replicas, IReadOnlyList<IReadOnlyList<RecordedArrival>> requests)
    {
        var retries = Retries.AfterRetryAfter with { PatienceSeconds = 60 };
        var wait = policy == AdmissionPolicy.WeightedShare ? 30_000 : 0;
        var pool = Pools.Of(replicas, sequences: 13, tokensPerSecond: 1280, policy, Policies.DefaultLending, most: s_replicas.Max()) with { DefaultMaxOutputTokens = 1024 };
        return new(
            "azure", pool,
            [
                new("code", ServiceClass.Elastic, new(5200, 39 * Pools.KvPerSequence, 39), 500, new Recorded(requests[0])) { Retries = retries, WaitMs = wait },
                new("conv", ServiceClass.Elastic, new(7600, 91 * Pools.KvPerSequence, 91), 5_000, new Recorded(requests[1])) { Retries = retries, WaitMs = wait },
                new("spot", ServiceClass.Spot, default, 30_000, new ClosedLoop(20)) { Input = TokenCount.Exactly(512), Output = TokenCount.Exactly(128), Retries = Retries.AfterRetryAfter, WaitMs = wait },
            ],
            Seconds)
        { SampleSeconds = 5 };
    }

    public override IEnumerable<Figure> Measure(IReadOnlyDictionary<string, RunLog> runs)
    {
        foreach (var (variant, run) in runs)
        {
            var due = new[] { run.DueTokens(0), run.DueTokens(1) };
            foreach (var (index, tenant) in run.Scenario.Tenants.Index())
            {
                var served = run.Requests.Where(request => request.Tenant == index && request.Fate == Fate.Served).ToList();
                yield return new(variant, $"{tenant.Name}-served", served.Count, "requests");
                yield return new(variant, $"{tenant.Name}-lost", run.CountOf(index, Fate.GivenUp), "requests");
                yield return new(variant, $"{tenant.Name}-p99", Statistics.Percentile(served.Select(request => request.EndedAt - request.AskedAt), 0.99), "s from asking to the end");
            }
            yield return new(variant, "jain", FairnessDecisions.JainIndex(due.Index().Select(d => run.ReceivedOverDue(d.Index, d.Item, 0, Seconds))), "of received ÷ due");
            yield return new(variant, "wasted", 100 * Wasted(run), "% of capacity while somebody wanted it");
        }
    }

    public override IEnumerable<(string File, Chart Chart)> Draw(IReadOnlyDictionary<string, RunLog> runs)
    {
        Panel Of(string title, Func<RunLog, double> value) => new(title, [.. runs.GroupBy(run => run.Key.Split('@')[0]).Index()
            .Select(policy => new Curve(policy.Item.Key, [.. policy.Item.Select(run => new Dot(10 * run.Value.Scenario.Pool.Replicas, value(run.Value)))], policy.Index, Marked: true))]);
        yield return ("azure-capacity", new("Two Azure traces on pools of different size", string.Create(CultureInfo.InvariantCulture, $"seed {runs.Values.First().Seed}"), "capacity in % of the mean load", "",
        [
            Of("served of code, %", run => Served(run, 0)), Of("served of conv, %", run => Served(run, 1)),
            Of("P99 of code from asking to the end, s", run => P99(run, 0)), Of("P99 of conv from asking to the end, s", run => P99(run, 1)),
        ], 2));
    }

    private static double Served(RunLog run, int tenant) => 100.0 * run.CountOf(tenant, Fate.Served) / run.Requests.Count(request => request.Tenant == tenant);

    private static double P99(RunLog run, int tenant) => Statistics.Percentile(run.Requests.Where(r => r.Tenant == tenant && r.Fate == Fate.Served).Select(r => r.EndedAt - r.AskedAt), 0.99);

    /// <summary>Slots that were free ÷ slots, over the samples in which more requests wanted to run than there were slots.</summary>
    private static double Wasted(RunLog run) => 1 - run.UtilisationUnderPressure();
}
