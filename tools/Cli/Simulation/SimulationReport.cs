using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using TokenLedger.Cli.Commands;

namespace TokenLedger.Cli.Simulation;

/// <summary>What a simulation came to; times in seconds, null where nothing was to be timed.</summary>
/// <param name="SlotsUsed">Slots in use ÷ slots over the whole run.</param>
internal sealed record SimulationReport(string Scenario, int Seed, double Seconds, double SlotsUsed, int EngineWaitingMost, double WastedTokens, IReadOnlyList<TenantReport> Tenants)
{
    public static SimulationReport Of(RunLog run)
    {
        var byTenant = run.Requests.ToLookup(request => request.Tenant);
        return new(run.Scenario.Name, run.Seed, run.Scenario.Seconds, (double)run.Samples.Sum(sample => sample.Running) / Math.Max(1, run.Samples.Sum(sample => sample.Slots)),
            run.MostWaiting(), Math.Round(run.WastedTokens), [.. run.Scenario.Tenants.Index().Select(t => TenantReport.Of(t.Item.Name, run.Samples[^1].Tenants[t.Index], [.. byTenant[t.Index]]))]);
    }

    public string ToJson() => JsonSerializer.Serialize(this, ScenarioJson.Default.SimulationReport);

    public void Write(IAnsiConsole console)
    {
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Scenario} · seed {Seed} · {Seconds:0.#} s of virtual time · slots used {SlotsUsed:0.0%} · at most {EngineWaitingMost} waiting at the engine · {WastedTokens:#,0} tokens read again"));
        var table = Terminal.NewTable("tenant", "asked", "served", "given up", "refusals", "tokens received", "TTFT p50", "TTFT p99", "latency p50", "latency p99", "delay p50", "delay p99", "owed").AlignRight(1..);
        foreach (var t in Tenants)
            table.AddPlainRow(
                t.Tenant, Number(t.Asked), Number(t.Served), Number(t.GivenUp), Number(t.Refusals), Number(t.ReceivedTokens), Number(t.FirstTokenP50), Number(t.FirstTokenP99),
                Number(t.LatencyP50), Number(t.LatencyP99), Number(t.DelayP50), Number(t.DelayP99), Number(t.OwedTokens));
        console.Write(table);
    }

    private static string Number(double? value) => value?.ToString("#,0.###", CultureInfo.InvariantCulture) ?? "";
}

/// <summary>One tenant of a simulation. Delays are effective admission delays: from the first attempt to the admission.</summary>
internal sealed record TenantReport(
    string Tenant, int Asked, int Served, int GivenUp, int Refusals, double ReceivedTokens, double? FirstTokenP50, double? FirstTokenP99,
    double? LatencyP50, double? LatencyP99, double? DelayP50, double? DelayP99, double Debt, long OwedTokens)
{
    public static TenantReport Of(string name, TenantSample last, IReadOnlyList<SimulatedRequest> requests) => new(
        name, requests.Count, requests.Count(request => request.Fate == Fate.Served), requests.Count(request => request.Fate == Fate.GivenUp), last.Refused, Math.Round(last.ReceivedTokens),
        Known(requests.TimeToFirstToken(0.5)), Known(requests.TimeToFirstToken(0.99)), Known(requests.Latency(0.5)), Known(requests.Latency(0.99)),
        Known(requests.AdmissionDelay(0.5)), Known(requests.AdmissionDelay(0.99)), last.Debt, last.OwedTokens);

    private static double? Known(double value) => double.IsFinite(value) ? Math.Round(value, 6) : null;
}
