using TokenLedger.Benchmarks.Overload;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>The live overload experiment in small: what must hold however slow the machine is. How quick answers are is for <c>./tokenledger bench overload</c>.</summary>
public sealed class OverloadTests(PostgresServer postgres)
{
    private const int GuaranteedSequences = 20;
    private static readonly LoadTenant s_guaranteed = new("guaranteed", ServiceClass.Guaranteed, 20, 20, [new(0, 1, 16)]);

    /// <summary>Forty requests of three seconds at once, where the floors leave room for eight.</summary>
    private static readonly LoadTenant s_spot = new("spot", ServiceClass.Spot, 20, 60, [new(0, 0.4, 100)]);

    /// <summary>It never has more under way than its floor holds, so nothing may refuse it; and what is admitted of both is served and accounted for.</summary>
    [Fact]
    public async Task Refuses_spot_and_never_what_is_guaranteed()
    {
        var engine = GatewaySite.Engine with { SequenceTokensPerSecond = 20 };
        await using var site = await GatewaySite.StartAsync(postgres, [engine, engine]);
        var keys = new Dictionary<string, string>
        {
            ["guaranteed"] = await site.EnterAsync("guaranteed", Bodies.Entitlement(tenant: "guaranteed").But("baseline.sequences", $"{GuaranteedSequences}")),
            ["spot"] = await site.EnterAsync("spot", Bodies.Entitlement("spot", "spot").Without("baseline")),
        };
        var schedule = LoadSchedule.Of([s_guaranteed, s_spot], seed: 1);
        var outcomes = await LoadClient.RunAsync(new(site.Api.Address), keys, schedule, "test", TestContext.Current.CancellationToken);

        Assert.All(Of(outcomes, s_guaranteed), one => Assert.True(one.IsServed, $"{one.Status} {one.Refusal}"));
        Assert.All(Of(outcomes, s_spot), one => Assert.True(one.IsServed || one.IsRefused, $"{one.Status} {one.Refusal}"));
        Assert.Contains(Of(outcomes, s_spot), one => one is { IsRefused: true, Status: 429 });
        Assert.Contains(Of(outcomes, s_spot), one => one.IsServed);
        Assert.All(outcomes.Where(one => one.IsServed), one => Assert.True(one.TimeToFirstToken > 0 && one.Tokens == one.Request.InputTokens + one.Request.OutputTokens));
        await site.NothingHeldAsync();
        Assert.Equal(outcomes.Sum(one => one.Tokens), (await site.Api.Events.AllAsync<TokensConsumed>(_ => true)).Sum(e => e.Data.InputTokens + e.Data.OutputTokens));
    }

    [Fact]
    public void Sends_the_same_for_a_seed_whoever_sends_besides()
    {
        var schedule = LoadSchedule.Of([s_guaranteed, s_spot], seed: 1);
        Assert.Equal(schedule, LoadSchedule.Of([s_guaranteed, s_spot], seed: 1));
        Assert.Equal(schedule.Where(request => request.Tenant == s_guaranteed), LoadSchedule.Of([s_guaranteed], seed: 1));
        Assert.NotEqual(schedule, LoadSchedule.Of([s_guaranteed, s_spot], seed: 2));
        Assert.Equal((16, 40), (schedule.Count(request => request.Tenant == s_guaranteed), schedule.Count(request => request.Tenant == s_spot)));
        Assert.Equal(schedule.OrderBy(request => request.Due), schedule);
        Assert.All(schedule, request => Assert.Equal(request.InputTokens, request.Body("run").Split("\"content\":\"")[1].Split('"')[0].Split(' ').Length));
    }

    private static IEnumerable<LoadOutcome> Of(IReadOnlyList<LoadOutcome> outcomes, LoadTenant tenant) => outcomes.Where(one => one.Request.Tenant == tenant);
}
