using System.Text.Json.Nodes;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Autoscaling;

/// <summary>The whole way around: a decision scales the deployment, what is ready there becomes the pool's capacity, and a cluster that refuses is asked again in sight of everybody.</summary>
public sealed class KubernetesFleetTests(PostgresServer postgres)
{
    [Fact]
    public async Task A_decision_goes_to_the_cluster_and_what_is_ready_comes_back()
    {
        using var authority = new TestAuthority();
        await using var cluster = await StandInCluster.StartAsync(authority);
        await using var api = await ApiInstance.StartAsync(
            await postgres.CreateConnectionStringAsync("cluster"), clock: null, ("Autoscaler:PeriodSeconds", "0.1"), ("Autoscaler:ActRetryFirstSeconds", "0.1"), ("Autoscaler:ActRetryLongestSeconds", "0.2"),
            ("Autoscaler:ScrapeTimeoutSeconds", "60"), ("Autoscaler:ActTimeoutSeconds", "60"), ("Autoscaler:Kubernetes:ApiServer", cluster.Address), ("Autoscaler:Kubernetes:CaFile", authority.File),
            ("Autoscaler:Kubernetes:TokenFile", authority.Write("token", "first-token")), ("Autoscaler:Pools:chat:Actuator", "Kubernetes"), ("Autoscaler:Pools:chat:Deployment", "inference/llama"));
        await api.OpenPoolAsync("chat");
        await api.Events.FirstAsync<CapacityChanged>(e => e is { Replicas: 2, ReportedBy: "autoscaler:actuator" });

        await api.GrantAsync("chat", "gold", Bodies.Entitlement().But("baseline.sequences", "150"));
        await api.Events.UntilAsync(() => Task.FromResult(cluster.Replicas == 3));
        Assert.Equal(2, (int)(await api.Operator.GetAsync("/v1/pools/chat")).MustBe(200).Json["replicas"]!);
        cluster.Ready = 3;
        await api.Events.UntilAsync(async () => (int)(await api.Operator.GetAsync("/v1/pools/chat")).MustBe(200).Json["replicas"]! == 3);
        (await api.Operator.PutAsync("/v1/pools/chat/capacity", new JsonObject { ["replicas"] = 1 })).MustRefuse(409, "capacity-observed");

        cluster.Token = "revoked";
        await api.Events.UntilAsync(async () => (int)(await FleetAsync(api))["failures"]! >= 3);
        var fleet = await FleetAsync(api);
        Assert.Equal(("kubernetes", "The API server answered 401 to GET /apis/apps/v1/namespaces/inference/deployments/llama/scale."), ((string?)fleet["actuator"], (string?)fleet["failure"]));
        Assert.NotNull(fleet["nextTryAt"]);
        // What runs is not known, so the capacity stays.
        Assert.Null(fleet["ready"]);
        Assert.Equal(3, (int)(await api.Operator.GetAsync("/v1/pools/chat")).MustBe(200).Json["replicas"]!);
        var failures = ExpositionText.Read((await api.Nobody.GetAsync("/metrics")).MustBe(200).Body)["tokenledger_autoscaler_actuator_failures"].Samples.Single();
        Assert.True(failures.Value >= 3 && failures.Labels["pool"] == "chat");
        Assert.Contains(api.Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("could not be brought to 3 replicas", StringComparison.Ordinal));

        cluster.Token = "first-token";
        await api.Events.UntilAsync(async () => (int)(await FleetAsync(api))["failures"]! == 0);
        // Somebody else's hand at the deployment is put right.
        cluster.Replicas = 1;
        await api.Events.UntilAsync(() => Task.FromResult(cluster.Replicas == 3));
    }

    private static async Task<JsonNode> FleetAsync(ApiInstance api) => (await api.Operator.GetAsync("/v1/pools/chat/scaling")).MustBe(200).Json["fleet"]!;
}
