using System.Text.Json.Nodes;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Http;
using TokenLedger.Tests.Integration.Scenarios;

namespace TokenLedger.Tests.Integration.Experiments;

/// <summary>
/// The two published experiments over the real services, in real time and ten times as fast: a product with its own PostgreSQL database, the simulated engine, clients on HTTP.
/// Phases last until enough is served, so that a slow machine only takes longer. docs/experiments has the figures; these are the facts that must hold on any machine.
/// </summary>
public sealed class RealTimeTests(PostgresServer postgres)
{
    private const string Pool = "experiment";
    private const int Slots = 16;
    private const int Rate = 2_400;

    /// <summary>Two guaranteed tenants of six sequences, of which one comes later, and a spot tenant that wants more than there is.</summary>
    [Theory]
    [InlineData(AdmissionPolicy.AdmitAll)]
    [InlineData(AdmissionPolicy.WeightedShare)]
    public async Task Overload(AdmissionPolicy policy)
    {
        await using var engine = await EngineServer.StartAsync(Slots, Rate);
        await using var api = await StartAsync(policy, replicas: 1, Slots, Rate);
        var guaranteed = Bodies.Entitlement().But("baseline.sequences", "6").But("baseline.tokensPerSecond", "1200");
        // The settlement of a request is under way when its client asks again: that is waited for.
        var always = new ClosedLoop(await api.EnterAsync(Pool, "always", guaranteed), engine, 64, 64, waitMs: 10_000).Start(6);
        var spot = new ClosedLoop(await api.EnterAsync(Pool, "spot", Bodies.Entitlement("spot").Without("baseline")), engine, 64, 64, waitMs: 300).Start(30);
        var returning = new ClosedLoop(await api.EnterAsync(Pool, "returning", guaranteed), engine, 64, 64, waitMs: 10_000);

        await Task.WhenAll(always.ServeAsync(10), spot.ServeAsync(16));
        returning.Start(6);
        await returning.ServeAsync(10);
        await returning.StopAsync();
        await spot.ServeAsync(12);
        await Task.WhenAll(always.StopAsync(), spot.StopAsync());

        Assert.Equal((0, 0), (always.Refused, returning.Refused));
        // Without control whoever comes waits in the engine; with it no more than what was lent and is taken back: two floors of six.
        var waited = engine.MostInside - Slots;
        if (policy == AdmissionPolicy.AdmitAll) Assert.True(spot.Refused == 0 && waited > 12, $"{spot.Refused} refused, at most {waited} waited");
        else Assert.True(spot.Refused > 0 && waited <= 12, $"{spot.Refused} refused, at most {waited} waited");
        await AssertBooksAsync(api);
    }

    /// <summary>Half the capacity is lost and comes back: what an elastic tenant was denied is owed to it, and repaid.</summary>
    [Fact]
    public async Task Scarcity()
    {
        await using var engine = await EngineServer.StartAsync(Slots, Rate);
        await using var api = await StartAsync(AdmissionPolicy.WeightedShare, replicas: 2, Slots / 2, Rate / 2);
        var elastic = Bodies.Entitlement("elastic").But("baseline.sequences", "5").But("baseline.tokensPerSecond", "750");
        var copilot = new ClosedLoop(await api.EnterAsync(Pool, "copilot", elastic), engine, 16, 16, waitMs: 1_000).Start(5);
        var synth = new ClosedLoop(await api.EnterAsync(Pool, "synth", elastic.But("sloTargetMs", "30000")), engine, 32, 32, waitMs: 1_000).Start(10);
        await Task.WhenAll(copilot.ServeAsync(10), synth.ServeAsync(10));

        await ReportAsync(api, replicas: 1);
        await Eventually.HoldsAsync("synth is owed a second of its baseline", async () => (await FairnessAsync(api, "synth")).Owed >= 750);
        await Task.WhenAll(copilot.ServeAsync(10), synth.ServeAsync(10));
        Assert.True((await FairnessAsync(api, "copilot")).Weight > (await FairnessAsync(api, "synth")).Weight);

        await ReportAsync(api, replicas: 2);
        await Eventually.HoldsAsync("what synth is owed is repaid", async () => await FairnessAsync(api, "synth") is { Owed: 0, Debt: < 0.05 });
        await Task.WhenAll(copilot.StopAsync(), synth.StopAsync());
        await AssertBooksAsync(api);
    }

    private async Task<ApiInstance> StartAsync(AdmissionPolicy policy, int replicas, int sequences, int tokensPerSecond)
    {
        var api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("experiment"), clock: null, ("Admission:SweepIntervalMs", "50"));
        var body = Bodies.Pool().But("replicas", $"{replicas}").But("perReplica.sequences", $"{sequences}").But("perReplica.tokensPerSecond", $"{tokensPerSecond}").But("tickMs", "100");
        (body["policy"], body["lending"]) = (WordConverter<AdmissionPolicy>.Word(policy), 1.0);
        await api.OpenPoolAsync(Pool, body);
        return api;
    }

    private static async Task ReportAsync(ApiInstance api, int replicas) =>
        (await api.Operator.PutAsync($"/v1/pools/{Pool}/capacity", new JsonObject { ["replicas"] = replicas })).MustBe(200);

    private static async Task<(long Owed, double Debt, double Weight)> FairnessAsync(ApiInstance api, string entitlement)
    {
        var fairness = (await api.Operator.GetAsync($"/v1/pools/{Pool}/fairness")).MustBe(200).Json["entitlements"]!.AsArray();
        return fairness.SingleOrDefault(e => (string?)e!["entitlement"] == entitlement) is { } share
            ? ((long)share["owedTokens"]!, (double)share["debt"]!, (double)share["weight"]!)
            : default;
    }

    /// <summary>Nothing is held when all is over, and every decision comes out the same again.</summary>
    private static async Task AssertBooksAsync(ApiInstance api)
    {
        await Eventually.HoldsAsync("nothing is held", async () => (long)(await api.Operator.GetAsync($"/v1/pools/{Pool}")).MustBe(200).Json["openReservations"]! == 0);
        await Commands.VerifyAsync(new(api.Address), ApiInstance.OperatorKey);
    }
}
