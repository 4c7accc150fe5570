using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Experiments;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Autoscaling;

/// <summary>Engines that somebody else starts and stops, seen by their metrics alone: where the advice is followed what leaves is taken from the capacity at once, elsewhere what answers is what runs.</summary>
public sealed class FollowedAdviceTests(PostgresServer postgres)
{
    [Fact]
    public async Task What_is_not_desired_leaves_the_capacity_first_where_the_advice_is_followed()
    {
        await using var one = await EngineServer.StartAsync(8, 1_000);
        await using var two = await EngineServer.StartAsync(8, 1_000);
        await using var api = await ApiInstance.StartAsync(
            await postgres.CreateConnectionStringAsync("advice"), clock: null,
            [("Autoscaler:PeriodSeconds", "0.1"), ("Autoscaler:ScrapeTimeoutSeconds", "60"), ("Autoscaler:LostAfterSeconds", "600"), ("Autoscaler:Pools:followed:DrainFirst", "true"), .. Of("followed"), .. Of("unheeded")]);
        var body = Bodies.Parse(Bodies.Pool().But("replicas", "4").ToJsonString().Replace("\"targetUtilization\":0.8", "\"targetUtilization\":0.8,\"rules\":{\"stabilizationDownSeconds\":0,\"coolDownSeconds\":0,\"staleSeconds\":600}", StringComparison.Ordinal));
        foreach (var pool in (string[])["followed", "unheeded"]) await api.OpenPoolAsync(pool, Bodies.Parse(body.ToJsonString()));

        var (_, changed) = await api.Events.FirstAsync<CapacityChanged>(e => e is { Pool.Value: "followed", Replicas: 1 });
        Assert.Equal("autoscaler:engines", changed.ReportedBy);
        var (decided, _) = await api.Events.FirstAsync<ScalingDecided>(e => e is { Pool.Value: "unheeded", DesiredReplicas: 1 });
        await api.Follower("autoscaler-demand").WaitForAsync(decided, Within.Patience());
        Assert.Equal([2], (await api.Events.AllAsync<CapacityChanged>(e => e.Pool.Value == "unheeded")).Select(e => e.Data.Replicas));
        var fleet = (await api.Operator.GetAsync("/v1/pools/unheeded/scaling")).MustBe(200).Json["fleet"]!;
        Assert.Equal((2, 2), ((int)fleet["ready"]!, fleet["replicas"]!.AsArray().Count(replica => (string?)replica!["state"] == "serving" && (int)replica["running"]! == 0)));

        (string, string)[] Of(string pool) => [($"Autoscaler:Pools:{pool}:Targets:0", $"{one.Address}metrics"), ($"Autoscaler:Pools:{pool}:Targets:1", $"{two.Address}metrics")];
    }
}
