using System.Globalization;
using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;
using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>What lending idle guaranteed baselines brings in use, and what it costs their owners.</summary>
internal sealed class Lending() : Experiment("lending", "Lending: how much of an idle guaranteed baseline others may use")
{
    private const string Bursty = "@bursty";
    private static readonly double[] s_shares = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

    public override IReadOnlyList<Variant> Variants { get; } =
    [
        .. s_shares.Select(share => new Variant(Word(share), Overload.Scenario(AdmissionPolicy.WeightedShare, share))),
        .. s_shares.Select(share => new Variant(Word(share) + Bursty, Overload.Scenario(AdmissionPolicy.WeightedShare, share, bursty: true))),
    ];

    public override string Setup => """
        The overload experiment under `weighted-share` with the pool setting `lending` from 0 to 1: the share of an idle guaranteed baseline that `spot-b` may use until its owner wants it back. With `@bursty`, `spot-b` comes as a
        Poisson process of 1.75 requests a second, each of which gives up after 3 s, so that its requests also end in bursts.
        """;

    public override IEnumerable<Figure> Measure(IReadOnlyDictionary<string, RunLog> runs)
    {
        foreach (var (variant, run) in runs)
        {
            var guaranteed = new[] { run.TenantIndex(Overload.Always), run.TenantIndex(Overload.Returning) };
            yield return new(variant, "guaranteed-ttft-p99", GuaranteedP99(run), "s");
            yield return new(variant, "slots-used-under-pressure", 100 * run.UtilisationUnderPressure(), "%");
            yield return new(variant, "guaranteed-refused-within", run.RefusedWithinLimits(guaranteed), "requests", Worst: Worst.Largest);
            yield return new(variant, "engine-waiting-most", run.MostWaiting(), "requests");
            yield return new(variant, "spot-served", run.CountOf(run.TenantIndex(Overload.Spot), Fate.Served), "requests");
        }
    }

    public override IEnumerable<(string File, Chart Chart)> Draw(IReadOnlyDictionary<string, RunLog> runs)
    {
        Panel Of(string title, Func<RunLog, double> value) => new(title, [Frontier("one after the other", 0, bursty: false, value), Frontier("bursty spot", 1, bursty: true, value)]);
        Curve Frontier(string name, int colour, bool bursty, Func<RunLog, double> value) => new(name,
            [.. runs.Where(run => run.Key.EndsWith(Bursty, StringComparison.Ordinal) == bursty).Select(run => new Dot(run.Value.Scenario.Pool.Lending, value(run.Value)))], colour, Marked: true);
        yield return ("lending-frontier", new("What lending costs and brings", $"seed {runs.Values.First().Seed}", "lending", "",
            [Of("P99 time to first token, guaranteed, s", GuaranteedP99), Of("slots used while more is wanted, %", run => 100 * run.UtilisationUnderPressure())], 2));
    }

    private static double GuaranteedP99(RunLog run) =>
        run.Requests.Where(request => run.Scenario.Tenants[request.Tenant].ServiceClass == ServiceClass.Guaranteed).TimeToFirstToken(0.99);

    private static string Word(double share) => share.ToString("0.0", CultureInfo.InvariantCulture);
}
