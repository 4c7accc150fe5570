using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Autoscaling;

/// <summary>Several instances on one ledger: one acts, the others show what it decided, and go on from there when it is gone.</summary>
public sealed class InstancesTests(PostgresServer postgres)
{
    private static readonly (string, string)[] s_settings = [("Autoscaler:PeriodSeconds", "0.05"), ("Followers:CatchUpInterval", "00:00:00.050")];

    [Fact]
    public async Task One_acts_and_the_next_goes_on_from_what_it_recorded()
    {
        var connection = await postgres.CreateConnectionStringAsync("acting");
        await using var standing = await StartAsync(connection, "86400");
        await standing.OpenPoolAsync("chat");
        await using (var first = await StartAsync(connection, "0.05"))
        {
            await first.Events.UntilAsync(async () => await ActsAsync(first));
            await using var second = await StartAsync(connection, "0.05");
            await first.GrantAsync("chat", "gold", Bodies.Entitlement().But("baseline.sequences", "150"));
            var (position, _) = await second.Events.FirstAsync<ScalingDecided>(e => e.DesiredReplicas == 3);
            await second.Follower("autoscaler-demand").WaitForAsync(position, Within.Patience());
            await first.Follower("autoscaler-demand").WaitForAsync(position, Within.Patience());
            // The one that stands by answers the same, save what runs, which it does not look at.
            var (here, there) = ((await first.Operator.GetAsync("/v1/pools/chat/scaling")).MustBe(200).Json.AsObject(), (await second.Operator.GetAsync("/v1/pools/chat/scaling")).MustBe(200).Json.AsObject());
            Assert.True(here.Remove("fleet") && !there.ContainsKey("fleet"));
            Assert.Equal(here.ToJsonString(), there.ToJsonString());
            Assert.Equal((true, false), (await ActsAsync(first), await ActsAsync(second)));
            first.Stop();
            await second.Events.UntilAsync(async () => await ActsAsync(second));
        }
        await using var third = await StartAsync(connection, "0.05");
        await third.Events.UntilAsync(async () => await ActsAsync(third) && (await third.Operator.GetAsync("/v1/pools/chat/scaling")).Status == 200);
        // Neither had anything new to say: what was decided before them stands.
        var decided = await third.Events.AllAsync<ScalingDecided>(_ => true);
        Assert.Equal(decided.Select(e => e.Data.DesiredReplicas).Distinct().Count(), decided.Count);
        Assert.Equal(3, (await third.Operator.GetAsync("/v1/pools/chat/scaling/metric")).MustBe(200).Long("value"));
    }

    /// <summary>Reports to two instances in turn: each knows what the other recorded.</summary>
    [Fact]
    public async Task Reports_to_any_instance_count()
    {
        var connection = await postgres.CreateConnectionStringAsync("reports");
        await using var one = await StartAsync(connection, "86400");
        await using var other = await StartAsync(connection, "86400");
        await one.OpenPoolAsync("chat");
        foreach (var (instance, replicas) in ((ApiInstance, int)[])[(one, 3), (other, 1), (one, 3), (one, 3), (other, 3)])
            (await instance.Operator.PutAsync("/v1/pools/chat/capacity", Bodies.Parse($$"""{"replicas":{{replicas}}}"""))).MustBe(200);
        Assert.Equal([(3, 2), (1, 3), (3, 1)], (await one.Events.AllAsync<CapacityChanged>(_ => true)).Select(e => (e.Data.Replicas, e.Data.PreviousReplicas)));
    }

    private static Task<ApiInstance> StartAsync(string connection, string period) => ApiInstance.StartAsync(connection, clock: null, [.. s_settings, ("Autoscaler:PeriodSeconds", period)]);

    private static async Task<bool> ActsAsync(ApiInstance api) =>
        ExpositionText.Read((await api.Nobody.GetAsync("/metrics")).MustBe(200).Body)["tokenledger_autoscaler_acting"].Samples.Single().Value == 1;
}
