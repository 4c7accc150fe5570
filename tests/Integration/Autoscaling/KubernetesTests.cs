using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using TokenLedger.Autoscaler;
using TokenLedger.Autoscaler.Actuators;
using TokenLedger.Autoscaler.Engines;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Autoscaling;

/// <summary>The scale subresource and the endpoint slices, over TLS and with a service account's token.</summary>
public sealed class KubernetesTests : IAsyncLifetime, IDisposable
{
    private const string Path = "/apis/apps/v1/namespaces/inference/deployments/llama";
    private readonly TestAuthority _authority = new();
    private StandInCluster _cluster = null!;
    private AutoscalerOptions _options = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await StandInCluster.StartAsync(_authority);
        _options = new() { Kubernetes = { ApiServer = _cluster.Address, CaFile = _authority.File, TokenFile = _authority.Write("token", "first-token\n") } };
    }

    [Fact]
    public async Task Writes_the_scale_that_it_read()
    {
        await Actuator().ScaleAsync(5, Within.Patience());
        Assert.Equal(5, _cluster.Replicas);
        await Actuator().ScaleAsync(0, Within.Patience());
        Assert.Equal(0, _cluster.Replicas);
        // What Kubernetes leaves out is zero.
        await Actuator().ScaleAsync(0, Within.Patience());
        await Actuator().ScaleAsync(1, Within.Patience());
        string[] change = [$"GET {Path}/scale 200", $"PUT {Path}/scale 200"];
        Assert.Equal([.. change, .. change, change[0], .. change], _cluster.Calls);
    }

    [Fact]
    public async Task Looks_again_when_somebody_else_changed_it_and_gives_up_when_that_goes_on()
    {
        _cluster.Intrusions = 2;
        await Actuator().ScaleAsync(5, Within.Patience());
        Assert.Equal((5, 2), (_cluster.Replicas, _cluster.Calls.Count(call => call == $"PUT {Path}/scale 409")));
        _cluster.Intrusions = 100;
        Assert.Contains("Somebody else", (await Assert.ThrowsAsync<ActuatorException>(() => Actuator().ScaleAsync(6, Within.Patience()))).Message, StringComparison.Ordinal);
        Assert.Equal(5, _cluster.Replicas);
    }

    [Fact]
    public async Task Sees_what_is_ready()
    {
        Assert.Equal(2, (await Actuator().LookAsync(Within.Patience()))!.Ready);
        _cluster.Ready = null;
        Assert.Equal(0, (await Actuator().LookAsync(Within.Patience()))!.Ready);
    }

    [Fact]
    public async Task Reads_the_token_again_when_it_is_replaced()
    {
        using var api = new KubernetesApi(Options.Create(_options));
        var actuator = new KubernetesActuator(api, "inference/llama");
        await actuator.LookAsync(Within.Patience());
        _cluster.Token = "second-token";
        Assert.Equal($"The API server answered 401 to GET {Path}.", (await Assert.ThrowsAsync<ActuatorException>(() => actuator.LookAsync(Within.Patience()))).Message);
        _authority.Write("token", "second-token");
        await actuator.LookAsync(Within.Patience());
    }

    [Fact]
    public async Task Trusts_nobody_but_the_authority_of_the_cluster()
    {
        using var other = new TestAuthority();
        _options.Kubernetes.CaFile = other.File;
        Assert.Equal("The API server cannot be reached.", (await Assert.ThrowsAsync<ActuatorException>(() => Actuator().LookAsync(Within.Patience()))).Message);
        _options.Kubernetes.CaFile = _authority.File;
        _options.Kubernetes.ApiServer = _cluster.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        await Assert.ThrowsAsync<ActuatorException>(() => Actuator().LookAsync(Within.Patience()));
        Assert.Empty(_cluster.Calls);
    }

    [Fact]
    public async Task Says_what_is_missing()
    {
        _options.Kubernetes.TokenFile += ".none";
        Assert.Equal("The service account's token cannot be read.", (await Assert.ThrowsAsync<ActuatorException>(() => Actuator().LookAsync(Within.Patience()))).Message);
        await _cluster.DisposeAsync();
        _options.Kubernetes.TokenFile = _authority.Write("token", "first-token");
        Assert.Equal("The API server cannot be reached.", (await Assert.ThrowsAsync<ActuatorException>(() => Actuator().LookAsync(Within.Patience()))).Message);
    }

    [Fact]
    public async Task Finds_the_ready_endpoints_of_a_service()
    {
        _cluster.Slices = JsonNode.Parse("""
            {"kind":"EndpointSliceList","items":[
              {"addressType":"IPv4","ports":[{"name":"grpc","port":9000},{"name":"http","port":8000,"protocol":"TCP"}],
               "endpoints":[{"addresses":["10.1.0.4"],"conditions":{"ready":true}},{"addresses":["10.1.0.5"],"conditions":{"ready":false,"terminating":true}},{"addresses":["10.1.0.6"]}]},
              {"addressType":"IPv4","ports":[{"name":"http","port":8001}],"endpoints":[{"addresses":[],"conditions":{}},{"addresses":["10.1.1.7","10.1.1.8"],"conditions":{"ready":true}}]},
              {"ports":null,"endpoints":null}]}
            """)!;
        Assert.Equal(["http://10.1.0.4:8000/metrics", "http://10.1.0.6:8000/metrics", "http://10.1.1.7:8001/metrics"], await FindAsync(Finder("http")));
        Assert.Equal(["http://10.1.0.4:8000/metrics", "http://10.1.0.6:8000/metrics"], await FindAsync(Finder("8000")));
        Assert.Equal(["http://10.1.0.4:9000/metrics", "http://10.1.0.6:9000/metrics", "http://10.1.1.7:8001/metrics"], await FindAsync(Finder(null)));
    }

    [Fact]
    public async Task Asks_those_known_last_while_the_endpoints_cannot_be_told()
    {
        _cluster.Slices = JsonNode.Parse("""{"items":[{"ports":[{"port":8000}],"endpoints":[{"addresses":["10.1.0.4"]}]}]}""")!;
        var finder = Finder(null);
        _cluster.Token = "not-yet";
        Assert.Null(await FindAsync(finder));
        _cluster.Token = "first-token";
        Assert.Equal(["http://10.1.0.4:8000/metrics"], await FindAsync(finder));
        foreach (var broken in (string[])["""{"items":[{"ports":[{"port":"x"}],"endpoints":[{"addresses":["10.1.0.9"]}]}]}""", """{"items":[{"ports":[{"port":8000}],"endpoints":[{"addresses":[{}]}]}]}"""])
        {
            _cluster.Slices = JsonNode.Parse(broken)!;
            Assert.Equal(["http://10.1.0.4:8000/metrics"], await FindAsync(finder));
        }
        _cluster.Token = "another";
        Assert.Equal(["http://10.1.0.4:8000/metrics"], await FindAsync(finder));
    }

    private TargetFinder Finder(string? port) =>
        new(new("chat"), new() { Service = "inference/llama", ServicePort = port }, _options, new(Options.Create(_options)), NullLogger.Instance);

    private static async Task<IEnumerable<string>?> FindAsync(TargetFinder finder) => (await finder.FindAsync(Within.Patience()))?.Select(target => target.ToString());

    private KubernetesActuator Actuator() => new(new(Options.Create(_options)), "inference/llama");

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    public void Dispose() => _authority.Dispose();
}
