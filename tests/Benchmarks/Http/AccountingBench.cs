using System.Text.Json;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Engine;
using TokenLedger.Ledger;
using TokenLedger.Tests.Integration.Gateways;

namespace TokenLedger.Benchmarks.Http;

/// <summary>
/// Whether every token is accounted for: mixed requests, a fifth of them abandoned by their clients, servers that fail with at least one request in twenty, and a gateway that is killed twice
/// in the middle. Then the engines' own logs are compared with the ledger, request by request.
/// </summary>
internal sealed class AccountingBench(Servers servers, BenchOptions options)
{
    private const int AtATime = 48;
    private const int Kills = 2;
    private const string Pool = "bench";
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);
    private static readonly EngineOptions s_engine = new() { Port = 0, Model = "model", TokensPerSecond = 4_000, PrefillTokensPerSecond = 100_000, Slots = 64, DrainSeconds = 1 };

    private int Requests => options.Requests > 0 ? options.Requests : 10_000;

    public async Task RunAsync(CancellationToken ct)
    {
        var database = await servers.NewDatabaseAsync(ct);
        await using var cutting = await SimulatedEngine.StartAsync(s_engine with { Fault = new(FaultKind.Cut, Every: 15, After: 5) });
        await using var failing = await SimulatedEngine.StartAsync(s_engine with { Fault = new(FaultKind.Error, Every: 15) });
        SimulatedEngine[] engines = [cutting, failing];
        await using var source = LedgerDatabase.Open(database);
        await using (var product = await Instance.StartProductAsync(database, ct))
        {
            var key = await OpenPoolAsync(product, ct);
            var settings = new Dictionary<string, string>
            {
                [$"Upstreams__{Pool}__0"] = cutting.Address.ToString(),
                [$"Upstreams__{Pool}__1"] = failing.Address.ToString(),
                ["AbortPath"] = SimulatedEngine.AbortPath,
                ["UsagePath"] = SimulatedEngine.UsagePath,
                ["StreamReportMs"] = "500",
            };
            var gateway = await Instance.StartGatewayAsync(database, product, settings, at: null, ct);
            using var load = new MixedLoad(gateway.Url, key);
            var running = load.RunAsync(Requests, AtATime, ct);
            for (var kill = 1; kill <= Kills; kill++)
            {
                await UntilAsync(load, kill * Requests / (Kills + 1), ct);
                await gateway.DisposeAsync();
                Results.Say($"The gateway was killed after {load.Over} requests");
                gateway = await Instance.StartGatewayAsync(database, product, settings, gateway.Url, ct);
            }
            await using (gateway)
            {
                await UntilAsync(load, Requests, ct);
                await running;
                var ledger = new PostgresLedger(source);
                var held = await EndedAsync(product, engines, ledger, ct);
                Report(load, engines, await TokenAccounts.ReadAsync(engines, ledger, ct), held);
            }
        }
        await servers.DropAsync(database, ct);
    }

    private void Report(MixedLoad load, IEnumerable<SimulatedEngine> engines, TokenAccounts accounts, long held)
    {
        Results.Row("accounting/requests", Requests, "requests");
        Results.Row("accounting/abandoned", load.Abandoned, "requests");
        Results.Row("accounting/failed-at-a-server", engines.SelectMany(engine => engine.Log).Count(entry => entry.Finish is "error" or "cut"), "requests");
        Results.Row("accounting/kills", Kills, "kills");
        Results.Row("accounting/broken-by-them", load.Broken, "requests");
        Results.Row("accounting/ends-recovered", accounts.Recovered.Count, "requests");
        Results.Row("accounting/tokens", accounts.Recorded.Values.Sum(Sum), "tokens", accounts.Produced.Values.Sum(Sum), "the engines' logs");
        Results.Row("accounting/difference", accounts.Differences().Values.Sum(tokens => Math.Abs(tokens.Input) + Math.Abs(tokens.Output)), "tokens");
        Results.Row("accounting/held", held, "reservations");
    }

    private static long Sum(Tokens tokens) => tokens.Input + tokens.Output;

    private async Task UntilAsync(MixedLoad load, int over, CancellationToken ct)
    {
        for (var said = load.Over; load.Over < over; await Task.Delay(s_glance, ct))
            if (load.Over - said >= Requests / 10) Results.Say($"{said = load.Over} of {Requests} requests");
    }

    /// <summary>Waits, within bounds, until every lease has ended and every end is told.</summary>
    /// <returns>Reservations that are still open.</returns>
    private static async Task<long> EndedAsync(Instance product, IReadOnlyList<SimulatedEngine> engines, PostgresLedger ledger, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(s_patience, TimeProvider.System);
        long held;
        while ((held = await HeldAsync(product, ct)) > 0 && !late.IsCancellationRequested) await Task.Delay(s_glance, ct);
        var expiry = (await TokenAccounts.ReadAsync(engines, ledger, ct)).LastExpiry;
        while ((await ledger.LoadCheckpointAsync($"gateway-ends-{Pool}", ct) < expiry || !engines.All(engine => engine.IsIdle)) && !late.IsCancellationRequested) await Task.Delay(s_glance, ct);
        return held;
    }

    private static async Task<long> HeldAsync(Instance product, CancellationToken ct)
    {
        using var pool = JsonDocument.Parse(await product.GetAsync($"/v1/pools/{Pool}", ct));
        return pool.RootElement.GetProperty("openReservations").GetInt64();
    }

    private static async Task<string> OpenPoolAsync(Instance product, CancellationToken ct)
    {
        var huge = new CapacityShape(100_000_000, 1L << 40, 10_000);
        await product.PutAsync($"/v1/pools/{Pool}", new PutPool("model", 2, huge, 1, 200, new(1, 2, 0.8), LeaseSeconds: 5), ct);
        await product.PutAsync($"/v1/pools/{Pool}/entitlements/one", new PutEntitlement(new TenantId("one"), ServiceClass.Elastic, 500, huge), ct);
        return await product.NewKeyAsync($"/v1/pools/{Pool}/entitlements/one/keys", ct);
    }
}
