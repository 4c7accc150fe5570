using TokenLedger.Gateway;
using TokenLedger.Gateway.Upstreams;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>A server that says that it takes no more requests gets none, before it has refused one.</summary>
public sealed class DrainTests(PostgresServer postgres)
{
    private const string Ask = """{"messages":[{"role":"user","content":"hello"}],"max_tokens":2}""";

    [Fact]
    public async Task Sends_nothing_to_a_server_that_drains_until_it_takes_requests_again()
    {
        await using var draining = await CannedUpstream.StartAsync();
        (draining.Answer, draining.ContentType) = ("{}"u8.ToArray(), "application/json");
        await using var site = await GatewaySite.StartAsync(postgres, [GatewaySite.Engine],
            ($"Gateway:Upstreams:{GatewaySite.Pool}:1", draining.Address.ToString()), ("Gateway:Policy", "RoundRobin"), ("Gateway:HealthMs", "20"), ("Gateway:EjectAfter", "1000"), ("Gateway:SlowStartMs", "0"));
        await AskAsync(site, 4);
        Assert.Equal((2, 2), (draining.Posts, site.Engines[0].Log.Count));
        draining.HealthStatus = 503;
        await site.Api.Events.UntilAsync(() => Task.FromResult(!IsAvailable(site, draining)));
        await AskAsync(site, 4);
        Assert.Equal((2, 6), (draining.Posts, site.Engines[0].Log.Count));
        draining.HealthStatus = 200;
        await site.Api.Events.UntilAsync(() => Task.FromResult(IsAvailable(site, draining)));
        await AskAsync(site, 4);
        Assert.Equal((4, 8), (draining.Posts, site.Engines[0].Log.Count));
    }

    private static bool IsAvailable(GatewaySite site, CannedUpstream server) =>
        site.Api.Service<IUpstreams>().All.Single(replica => replica.Address == server.Address).Load(DateTimeOffset.UtcNow, new GatewayOptions(), 0, slots: 1).Available;

    private static async Task AskAsync(GatewaySite site, int times)
    {
        for (var i = 0; i < times; i++) (await site.PostAsync("/v1/chat/completions", Ask)).MustBe(200);
    }
}
