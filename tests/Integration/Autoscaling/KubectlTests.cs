using System.Diagnostics;
using System.Text.Json.Nodes;
using TokenLedger.AllInOne;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Autoscaling;

/// <summary>The external metrics API as the real client of Kubernetes sees it, over TLS, and the manifests as it renders them.</summary>
public sealed class KubectlTests(PostgresServer postgres) : IDisposable
{
    private const string Group = "/apis/external.metrics.k8s.io";
    private const string Metric = Group + "/v1beta1/namespaces/inference/tokenledger_desired_replicas?labelSelector=pool%3Dchat";
    private static readonly string[] s_key = ["--token", ApiInstance.OperatorKey];
    private readonly TestAuthority _authority = new();
    private readonly TempHome _home = new();

    [Fact]
    public async Task Finds_the_metric_by_the_discovery_documents()
    {
        using var proxy = new TestAuthority();
        using var stranger = new TestAuthority();
        var (certificate, certificateKey) = _authority.IssueFiles("localhost");
        await using var api = await ApiInstance.StartAsync(
            builder =>
            {
                (builder.Configuration["Kestrel:Certificates:Default:Path"], builder.Configuration["Kestrel:Certificates:Default:KeyPath"]) = (certificate, certificateKey);
                AllModules.Add(builder);
            },
            AllModules.Map, await postgres.CreateConnectionStringAsync("kubectl"), clock: null,
            ("Http:Urls", "https://127.0.0.1:0"), ("Autoscaler:PeriodSeconds", "0.1"), ("Autoscaler:ExternalMetrics:ClientCaFile", proxy.File));
        var trusting = new ApiClient(new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator }), api.Address, ApiInstance.OperatorKey);
        (await trusting.PutAsync("/v1/pools/chat", Bodies.Pool())).MustBe(201);
        var (position, decided) = await api.Events.FirstAsync<ScalingDecided>(_ => true);
        await api.Follower("autoscaler-demand").WaitForAsync(position, Within.Patience());

        Assert.Equal("""{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"external.metrics.k8s.io","versions":[{"groupVersion":"external.metrics.k8s.io/v1beta1","version":"v1beta1"}],"preferredVersion":{"groupVersion":"external.metrics.k8s.io/v1beta1","version":"v1beta1"}}]}""",
            await RawAsync(api, "/apis"));
        Assert.Equal("""{"name":"external.metrics.k8s.io","versions":[{"groupVersion":"external.metrics.k8s.io/v1beta1","version":"v1beta1"}],"preferredVersion":{"groupVersion":"external.metrics.k8s.io/v1beta1","version":"v1beta1"},"kind":"APIGroup","apiVersion":"v1"}""",
            await RawAsync(api, Group));
        Assert.Equal("""{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"external.metrics.k8s.io/v1beta1","resources":[{"name":"tokenledger_desired_replicas","singularName":"","namespaced":true,"kind":"ExternalMetricValueList","verbs":["get"]}]}""",
            await RawAsync(api, Group + "/v1beta1"));
        // With a key, and as the aggregation layer, which has none but its certificate.
        var (name, key) = proxy.IssueFiles("front-proxy-client");
        foreach (var credentials in (string[][])[s_key, ["--client-certificate", name, "--client-key", key]])
        {
            var item = JsonNode.Parse(await RawAsync(api, Metric, credentials))!["items"]!.AsArray().Single()!;
            Assert.Equal(("tokenledger_desired_replicas", "chat", $"{decided.DesiredReplicas}"), ((string?)item["metricName"], (string?)item["metricLabels"]!["pool"], (string?)item["value"]));
        }
        var (other, otherKey) = proxy.IssueFiles("somebody-else");
        var (strange, strangeKey) = stranger.IssueFiles("front-proxy-client");
        foreach (var credentials in (string[][])[["--token", "wrong"], ["--client-certificate", other, "--client-key", otherKey], ["--client-certificate", strange, "--client-key", strangeKey]])
            Assert.NotEqual(0, (await RunAsync(["get", "--raw", Metric, .. Server(api), .. credentials])).Code);
    }

    [Theory]
    [InlineData("keda", "ScaledObject,Secret,TriggerAuthentication")]
    [InlineData("hpa", "APIService,ClusterRole,ClusterRoleBinding,HorizontalPodAutoscaler")]
    [InlineData("actuator", "Role,RoleBinding")]
    public async Task Renders_the_manifests(string folder, string kinds)
    {
        var (code, output, errors) = await RunAsync(["kustomize", Path.Combine(Checkout.Root, "infra/kubernetes/autoscaling", folder)]);
        Assert.True(code == 0, errors);
        Assert.Equal(kinds.Split(','), output.Split('\n').Where(line => line.StartsWith("kind: ", StringComparison.Ordinal)).Select(line => line[6..].Trim()).Order(StringComparer.Ordinal));
    }

    private async Task<string> RawAsync(ApiInstance api, string path, params string[] credentials)
    {
        var (code, output, errors) = await RunAsync(["get", "--raw", path, .. Server(api), .. credentials.Length > 0 ? credentials : s_key]);
        Assert.True(code == 0, errors);
        return output.Trim();
    }

    private string[] Server(ApiInstance api) => ["--server", api.Address, "--certificate-authority", _authority.File];

    private async Task<(int Code, string Output, string Errors)> RunAsync(string[] words)
    {
        var info = new ProcessStartInfo("kubectl", words) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        (info.Environment["HOME"], info.Environment["KUBECONFIG"]) = (_home.Folder, "/dev/null");
        using var process = Process.Start(info)!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(Within.Patience()), process.StandardError.ReadToEndAsync(Within.Patience()));
        await process.WaitForExitAsync(Within.Patience());
        return (process.ExitCode, await output, await errors);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _home.Dispose();
    }
}
