using TokenLedger.Contracts;
using TokenLedger.Engine;
using TokenLedger.Gateway;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;
using TokenLedger.Tests.Integration.Scenarios;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>
/// Every token is accounted for: mixed requests, a fifth of them abandoned, servers that fail, and the gateway, a process of its own, killed twice in the middle of it.
/// What the engines produced for each request is what the ledger has.
/// </summary>
public sealed class KilledGatewayTests(PostgresServer postgres)
{
    private const int Requests = 1_000;
    private const int AtATime = 24;
    private const int Streams = 3;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);
    private static readonly EngineOptions s_engine = GatewaySite.Engine with { TokensPerSecond = 2_000, PrefillTokensPerSecond = 50_000 };

    [Fact]
    public async Task Every_token_is_in_the_ledger_though_the_gateway_was_killed()
    {
        var database = await postgres.CreateConnectionStringAsync("killed");
        await using var services = await ApiInstance.StartAsync(database, clock: null, ("Admission:SweepIntervalMs", "50"));
        await using var cutting = await SimulatedEngine.StartAsync(s_engine);
        await using var failing = await SimulatedEngine.StartAsync(s_engine);
        SimulatedEngine[] engines = [cutting, failing];
        SetFaults(engines);
        await services.OpenPoolAsync(GatewaySite.Pool, Bodies.Pool().But("leaseSeconds", "3"));
        await services.GrantAsync(GatewaySite.Pool, "all", Bodies.Entitlement().But("baseline.sequences", "100").But("baseline.tokensPerSecond", "150000").But("baseline.kvCacheBytes", "1500000000"));
        var key = (await services.IssueKeyAsync(GatewaySite.Pool, "all")).Text("key");
        var settings = Settings(database, services, (await services.IssueOperatorKeyAsync("gateway")).Text("key"), engines);
        await using var gateway = new ProductProcess("Gateway", settings.ToDictionary(one => "TokenLedger__" + one.Name.Replace(":", "__", StringComparison.Ordinal), one => one.Value));
        await gateway.StartAsync();

        using var load = new MixedLoad(gateway.Url, key);
        var running = load.RunAsync(Requests, AtATime, TestContext.Current.CancellationToken);
        await ReachesAsync(load, Requests / 3);
        var cut = await KillAmidStreamsAsync(services, gateway, load, engines);
        await gateway.StartAsync();
        await ReachesAsync(load, Requests * 2 / 3);
        var cutAgain = await KillAmidStreamsAsync(services, gateway, load, engines);
        // These leases run out while no gateway runs, and are billed by the last report; then two gateways find them, and the end counts once.
        foreach (var request in cutAgain) await services.Events.FirstAsync<TokensConsumed>(e => e.Request == request && e.EndLost == true);
        await using var other = await ApiInstance.StartAsync(builder => builder.AddGateway(), app => app.MapGateway(), database, clock: null, settings);
        await gateway.StartAsync();
        await ReachesAsync(load, Requests);
        await running;

        var accounts = await SettledAsync(services, engines);
        Assert.Empty(accounts.Differences());
        foreach (var request in cut.Concat(cutAgain))
        {
            Assert.Contains(request, accounts.Recovered);
            Assert.InRange(accounts.Recorded[request].Output, 1, 19_999);
        }
    }

    /// <summary>Returns when so many requests are over, however long that takes on a busy machine.</summary>
    private static async Task ReachesAsync(MixedLoad load, int over)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(s_patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (load.Over < over) await timer.WaitForNextTickAsync(patience.Token);
    }

    private static (string Name, string Value)[] Settings(string database, ApiInstance services, string reportKey, IEnumerable<SimulatedEngine> engines) =>
    [
        ("Postgres:ConnectionString", database), ("Gateway:AdmissionUrl", services.Address), ("Gateway:MeteringUrl", services.Address), ("Gateway:ReportKey", reportKey), .. GatewaySite.Upstreams(engines.Select(engine => engine.Address)),
        ("Gateway:AbortPath", SimulatedEngine.AbortPath), ("Gateway:UsagePath", SimulatedEngine.UsagePath), ("Gateway:StreamReportMs", "200"), ("Gateway:EjectAfter", "1000"),
        // However slow the machine is, what a server knows is waited for.
        ("Gateway:AbortMs", "60000"), ("Gateway:UsageMs", "60000"),
    ];

    private static void SetFaults(IReadOnlyList<SimulatedEngine> engines)
    {
        engines[0].Set(new(FaultKind.Cut, Every: 15, After: 5));
        engines[1].Set(new(FaultKind.Error, Every: 15));
    }

    /// <summary>SIGKILL while some streams are known to run and to have been reported on the way.</summary>
    private static async Task<IReadOnlyList<RequestId>> KillAmidStreamsAsync(ApiInstance services, ProductProcess gateway, MixedLoad load, IReadOnlyList<SimulatedEngine> engines)
    {
        foreach (var engine in engines) engine.Set(Fault.None);
        var streams = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => load.BeginAsync(Within.Patience())));
        SetFaults(engines);
        RequestId[] requests = [.. streams.Select(stream => RequestId.Parse(stream.Headers.GetValues("x-request-id").Single()))];
        foreach (var request in requests) await services.Events.FirstAsync<TokensStreamed>(e => e.Request == request);
        await gateway.KillAsync();
        foreach (var stream in streams) stream.Dispose();
        return requests;
    }

    /// <summary>The accounts when every lease has ended, every end that can be told is told, and what the ledger follows from that is there.</summary>
    private static async Task<TokenAccounts> SettledAsync(ApiInstance services, IReadOnlyList<SimulatedEngine> engines)
    {
        await services.Events.UntilAsync(async () => (long)(await services.Operator.GetAsync($"/v1/pools/{GatewaySite.Pool}")).MustBe(200).Json["openReservations"]! == 0);
        var expiry = (await TokenAccounts.ReadAsync(engines, services.Ledger, Within.Patience())).LastExpiry;
        await services.Events.UntilAsync(async () => await services.Ledger.LoadCheckpointAsync($"gateway-ends-{GatewaySite.Pool}", Within.Patience()) >= expiry);
        await services.Follower("metering-lost-ends").WaitForAsync(expiry, Within.Patience());
        // An engine writes its line after its last byte.
        await services.Events.UntilAsync(() => Task.FromResult(engines.All(engine => engine.IsIdle)));
        return await TokenAccounts.ReadAsync(engines, services.Ledger, Within.Patience());
    }
}
