using TokenLedger.Benchmarks.Gateways;
using TokenLedger.Benchmarks.Http;
using TokenLedger.Benchmarks.Overload;
using TokenLedger.Benchmarks.Replicas;
using TokenLedger.Benchmarks.Views;

namespace TokenLedger.Benchmarks;

/// <summary>All figures by name.</summary>
internal sealed class Figures(Servers servers, BenchOptions options)
{
    public const string All = "all";
    private static readonly string[] s_names = ["decide", "fairness", "append", "admit", "usage", "accounting", "bus", "replay", "verify", "project", "rollups", "startup", "growth", "overload", "replicas", "gateway"];
    private FilledLedger? _filled;

    public static async Task RunAsync(BenchOptions options, CancellationToken ct)
    {
        await using var servers = await Servers.StartAsync(ct);
        Results.Machine(await servers.DescribeAsync(ct));
        var figures = new Figures(servers, options);
        foreach (var name in s_names.Where(name => options.Figure == All || options.Figure == name))
        {
            Results.Say($"Measuring {name} ...");
            await figures.RunAsync(name, ct);
        }
    }

    private async Task RunAsync(string name, CancellationToken ct) => await (name switch
    {
        "decide" => Task.Run(() => DecideBench.Run(options), ct),
        "fairness" => Task.Run(() => FairnessBench.Run(options), ct),
        "append" => new AppendBench(servers, options).RunAsync(ct),
        "admit" => new AdmitBench(servers, options).RunAsync(ct),
        "usage" => new UsageBench(servers, options).RunAsync(ct),
        "accounting" => new AccountingBench(servers, options).RunAsync(ct),
        "bus" => new BusBench(servers, options).RunAsync(ct),
        "replay" => new AuditBench(await FilledAsync(ct)).ReplayAsync(ct),
        "verify" => new AuditBench(await FilledAsync(ct)).VerifyAsync(ct),
        "project" => ProjectBench.RunAsync(await FilledAsync(ct), ct),
        "rollups" => new RollupBench(servers, options).RunAsync(ct),
        "startup" => new StartupBench(servers).RunAsync(await FilledAsync(ct), ct),
        "growth" => new GrowthBench(servers, options).RunAsync(ct),
        "overload" => new OverloadBench(servers, options).RunAsync(ct),
        "replicas" => new ReplicaBench(servers, options).RunAsync(ct),
        "gateway" => new GatewayBench(servers, options).RunAsync(ct),
        _ => throw new ArgumentException($"There is no figure '{name}'."),
    });

    /// <summary>The figures that read a large ledger share one, because making it takes longer than reading it.</summary>
    private async Task<FilledLedger> FilledAsync(CancellationToken ct) => _filled ??= await FilledLedger.CreateAsync(servers, options.Events, ct);
}
