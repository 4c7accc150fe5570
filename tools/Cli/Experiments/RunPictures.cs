using System.Globalization;
using TokenLedger.Cli.Plots;
using TokenLedger.Cli.Simulation;

namespace TokenLedger.Cli.Experiments;

/// <summary>The pictures of the published figures 2 to 5, a panel for each variant.</summary>
internal sealed class RunPictures(IReadOnlyDictionary<string, RunLog> runs)
{
    /// <summary>Panels have one scale, so that they can be compared, unless the flattest would be lower than this part of the highest.</summary>
    private const double MostStretch = 4;

    /// <summary>Time over which rates and latencies are taken together.</summary>
    public double BinSeconds { get; init; } = 2;

    public IReadOnlyList<(double From, double To)> Shaded { get; init; } = [];

    public Chart Queue(string title) => Chart(title, "requests", run =>
    [
        Sampled(run, "running", 0, sample => sample.Running), Sampled(run, "waiting at the engine", 1, sample => sample.Waiting),
        Sampled(run, "slots", 5, sample => sample.Slots, dashed: true),
    ]);

    public Chart Slots(string title) => Chart(title, "sequences", run => [.. ByTenant(run, tenant => tenant.Held), Sampled(run, "slots", 5, sample => sample.Slots, dashed: true)]);

    public Chart Debt(string title) => Chart(title, "debt", run => ByTenant(run, tenant => tenant.Debt));

    public Chart Weight(string title) => Chart(title, "priority weight", run => ByTenant(run, tenant => tenant.Weight));

    public Chart Owed(string title) => Chart(title, "seconds of the baseline owed", run =>
        ByTenant(run, (tenant, terms) => terms.Baseline.TokensPerSecond == 0 ? 0 : (double)tenant.OwedTokens / terms.Baseline.TokensPerSecond));

    public Chart Latency(string title) => Chart(title, string.Create(CultureInfo.InvariantCulture, $"seconds, the longest of {BinSeconds} s"), run =>
        Binned(run, request => request.TriedAt, requests => requests.Select(request => request.Latency).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max()));

    public Chart Delay(string title) => Chart(title, string.Create(CultureInfo.InvariantCulture, $"seconds, mean of {BinSeconds} s"), run =>
        Binned(run, request => request.AskedAt, requests => requests.Select(request => request.AdmissionDelay).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average()));

    public Chart Admissions(string title) => Chart(title, "attempts a second (dashed: refused)", run => run.Scenario.Tenants.Index().SelectMany(t => (Curve[])
    [
        new(t.Item.Name, Rate(run, sample => sample.Tenants[t.Index].Admitted), t.Index),
        new("", Rate(run, sample => sample.Tenants[t.Index].Refused), t.Index, Dashed: true),
    ]));

    public Chart Received(string title) => Chart(title, "tokens a second", run =>
        run.Scenario.Tenants.Index().Select(t => new Curve(t.Item.Name, Rate(run, sample => sample.Tenants[t.Index].ReceivedTokens), t.Index)));

    private Chart Chart(string title, string yAxis, Func<RunLog, IEnumerable<Curve>> curves)
    {
        var panels = runs.Select(run => new Panel(run.Key, [.. curves(run.Value)])).ToList();
        var seed = runs.Values.First().Seed.ToString(CultureInfo.InvariantCulture);
        var (least, most) = (panels.Min(panel => panel.Top), panels.Max(panel => panel.Top));
        return new(title, $"one run of each, seed {seed}", "seconds", yAxis, most <= MostStretch * least ? [.. panels.Select(panel => panel with { Highest = most })] : panels, Math.Min(2, panels.Count)) { Shaded = Shaded };
    }

    private static Curve Sampled(RunLog run, string name, int colour, Func<Sample, double> value, bool dashed = false) =>
        new(name, [.. run.Samples.Select(sample => new Dot(sample.At, value(sample)))], colour, dashed);

    private static IEnumerable<Curve> ByTenant(RunLog run, Func<TenantSample, double> value) => ByTenant(run, (tenant, _) => value(tenant));

    private static IEnumerable<Curve> ByTenant(RunLog run, Func<TenantSample, Tenant, double> value) =>
        run.Scenario.Tenants.Index().Select(t => Sampled(run, t.Item.Name, t.Index, sample => value(sample.Tenants[t.Index], t.Item)));

    private IEnumerable<Curve> Binned(RunLog run, Func<SimulatedRequest, double> at, Func<IEnumerable<SimulatedRequest>, double> value) =>
        run.Scenario.Tenants.Index().Select(t =>
        {
            var bins = run.Requests.Where(request => request.Tenant == t.Index).ToLookup(request => (int)(at(request) / BinSeconds));
            return new Curve(t.Item.Name, [.. Enumerable.Range(0, (int)(run.Scenario.Seconds / BinSeconds)).Select(bin => new Dot((bin + 0.5) * BinSeconds, value(bins[bin])))], t.Index);
        });

    /// <summary>Growth of a count per second.</summary>
    private List<Dot> Rate(RunLog run, Func<Sample, double> count)
    {
        var step = (int)Math.Round(BinSeconds / run.Scenario.SampleSeconds);
        return [.. run.Samples.Where((_, index) => index % step == 0).Zip(run.Samples.Where((_, index) => index % step == 0).Skip(1),
            (a, b) => new Dot((a.At + b.At) / 2, (count(b) - count(a)) / (b.At - a.At)))];
    }
}
