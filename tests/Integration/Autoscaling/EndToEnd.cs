using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Http;
using TokenLedger.Tests.Integration.Scenarios;

namespace TokenLedger.Tests.Integration.Autoscaling;

/// <summary>
/// The product and real engines: load rises, replicas start, capacity follows; load falls, they drain and stop; nothing that was admitted is lost. The services' time passes five times as fast, so that
/// the minute that demand is looked back on ends soon; every step is waited for, however long the machine takes for it.
/// </summary>
[Collection(nameof(Scenarios))]
public sealed class EndToEnd(PostgresServer postgres) : IDisposable
{
    private const string Pool = "surge";
    private const int Slots = 8;
    private readonly TempHome _home = new();

    [Fact]
    public async Task The_fleet_follows_the_load_and_nothing_admitted_is_lost()
    {
        await using var api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("surge"), new QuickTime(5), Settings());
        await api.OpenPoolAsync(Pool, Bodies.Parse($$$$"""
            {"model":"simulated","replicas":1,"perReplica":{"tokensPerSecond":100000,"kvCacheBytes":1000000000,"sequences":{{{{Slots}}}}},"kvBytesPerToken":1000,"defaultMaxOutputTokens":100,"leaseSeconds":3600,
             "scaling":{"minReplicas":1,"maxReplicas":3,"targetUtilization":0.8,"rules":{"startUpSeconds":1,"stabilizationDownSeconds":10,"coolDownSeconds":1,"queueTargetMs":1,"staleSeconds":600}}}
            """));
        var key = await api.EnterAsync(Pool, "chat", Bodies.Entitlement("elastic").But("baseline.sequences", "8").But("baseline.tokensPerSecond", "50000"));
        await ReachAsync(api, 1);
        using var few = new FleetLoad(api, Pool, key, 40, 60).Start(1);
        using var many = new FleetLoad(api, Pool, key, 40, 60).Start(3 * Slots);

        await ReachAsync(api, 3, few, many);
        await ServeAsync(many, 3 * Slots);
        await many.StopAsync();
        await ReachAsync(api, 1, few);
        await ServeAsync(few, 3);
        await few.StopAsync();

        await Eventually.HoldsAsync("nothing is held", async () => (long)(await PoolAsync(api))["openReservations"]! == 0);
        var settled = await api.Events.AllAsync<ReservationSettled>(_ => true);
        var admitted = await api.Events.AllAsync<RequestAdmitted>(_ => true);
        Assert.Equal(admitted.Select(e => e.Data.Request).ToHashSet(), settled.Select(e => e.Data.Request).ToHashSet());
        Assert.Equal(few.Served + many.Served, settled.Count);
        await NobodyIsStoppedBeforeItLeavesTheCapacityAsync(api);
        await Commands.VerifyAsync(new(api.Address), ApiInstance.OperatorKey);
    }

    /// <summary>The capacity is what the actuator saw, and never more than what was desired: who leaves is taken from it first.</summary>
    private static async Task NobodyIsStoppedBeforeItLeavesTheCapacityAsync(ApiInstance api)
    {
        var changes = await api.Events.AllAsync<CapacityChanged>(_ => true);
        Assert.All(changes, change => Assert.Equal("autoscaler:actuator", change.Data.ReportedBy));
        Assert.Equal((3, 1), (changes.Max(change => change.Data.Replicas), changes[^1].Data.Replicas));
        var decisions = await api.Events.AllAsync<ScalingDecided>(_ => true);
        Assert.All(changes, change => Assert.InRange(change.Data.Replicas, 0, decisions.Last(decision => decision.Position < change.Position).Data.DesiredReplicas));
    }

    /// <summary>Returns when so many replicas should run, do serve, and are the capacity that is admitted to, and no other process is left.</summary>
    private static Task ReachAsync(ApiInstance api, int replicas, params FleetLoad[] loads) => Eventually.HoldsAsync($"{replicas} replicas run", async () =>
    {
        Assert.DoesNotContain(loads, load => load.IsFaulted && load.StopAsync().Exception is { } e && Fail(e));
        var scaling = await api.Operator.GetAsync($"/v1/pools/{Pool}/scaling");
        if (scaling.Status == 503) return false;
        var all = scaling.MustBe(200).Json["fleet"]?["replicas"]?.AsArray().Count;
        var sequences = (long)(await PoolAsync(api))["dimensions"]!["sequences"]!["capacity"]!;
        return (scaling.Long("desiredReplicas"), all, (await ServingAsync(api, Pool)).Count, sequences) == (replicas, replicas, replicas, replicas * Slots);
    }, () => string.Join('\n', api.Log.Lines.Where(line => line.Contains("Autoscaler", StringComparison.Ordinal)).TakeLast(40)));

    private static bool Fail(Exception e) => throw e;

    private static Task ServeAsync(FleetLoad load, int more)
    {
        var until = load.Served + more;
        return Eventually.HoldsAsync($"{until} requests are served", () => load.IsFaulted ? load.StopAsync().ContinueWith(_ => Fail(_.Exception!), TaskScheduler.Default) : Task.FromResult(load.Served >= until));
    }

    private static async Task<JsonNode> PoolAsync(ApiInstance api) => (await api.Operator.GetAsync($"/v1/pools/{Pool}")).MustBe(200).Json;

    /// <summary>Addresses of the replicas that serve now.</summary>
    internal static async Task<IReadOnlyList<string>> ServingAsync(ApiInstance api, string pool)
    {
        var fleet = (await api.Operator.GetAsync($"/v1/pools/{pool}/scaling")).MustBe(200).Json["fleet"];
        return [.. (fleet?["replicas"]?.AsArray() ?? []).Where(replica => (string?)replica!["state"] == "serving").Select(replica => (string)replica!["address"]!)];
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return Math.Min(65_000, ((IPEndPoint)listener.LocalEndpoint).Port);
    }

    private (string, string)[] Settings()
    {
        var fleet = $"Autoscaler:Pools:{Pool}";
        string[] arguments = ["--tokens-per-second", "800", "--slots", $"{Slots}"];
        return
        [
            ("Admission:SweepIntervalMs", "50"), ("Autoscaler:PeriodSeconds", "1"), ("Autoscaler:ScrapeTimeoutSeconds", "60"), ("Autoscaler:LostAfterSeconds", "600"), ("Autoscaler:ActTimeoutSeconds", "300"),
            ($"{fleet}:Actuator", "Processes"), ($"{fleet}:Processes:Program", ProductProcess.Program("Engine")), ($"{fleet}:Processes:Folder", _home.Folder),
            ($"{fleet}:Processes:FirstPort", $"{FreePort()}"), ($"{fleet}:Processes:Ports", "16"), ($"{fleet}:Processes:DrainSeconds", "3600"), ($"{fleet}:Processes:StopSeconds", "3600"),
            .. arguments.Select((argument, index) => ($"{fleet}:Processes:Arguments:{index}", argument)),
        ];
    }

    public void Dispose() => _home.Dispose();
}
