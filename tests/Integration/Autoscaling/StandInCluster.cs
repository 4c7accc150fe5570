using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Autoscaling;

/// <summary>
/// An API server of Kubernetes, over TLS with a certificate of its own authority, as far as scaling needs one: a deployment, its scale subresource and a service's endpoint slices. Like the real one
/// it refuses what is not asked for in exactly its way, and a change of what was changed meanwhile.
/// </summary>
internal sealed class StandInCluster : IAsyncDisposable
{
    private const string Deployment = "/apis/apps/v1/namespaces/inference/deployments/llama";
    private readonly WebApplication _app;
    private int _version = 41;

    private StandInCluster(WebApplication app) => _app = app;

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    public string Token { get; set; } = "first-token";
    public int Replicas { get; set; } = 2;
    public int? Ready { get; set; } = 2;

    /// <summary>So many changes by somebody else come between a read and the write that follows.</summary>
    public int Intrusions { get; set; }

    public JsonNode Slices { get; set; } = JsonNode.Parse("""{"items":[]}""")!;

    /// <summary>Method, address and status of every call.</summary>
    public ConcurrentQueue<string> Calls { get; } = [];

    public static async Task<StandInCluster> StartAsync(TestAuthority authority, string name = "kubernetes.default.svc")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(authority.Issue(name))));
        var cluster = new StandInCluster(builder.Build());
        cluster._app.Run(cluster.AnswerAsync);
        await cluster._app.StartAsync(Within.Patience());
        return cluster;
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var (method, path) = (http.Request.Method, http.Request.Path.Value!);
        var (status, body) = http.Request.Headers.Authorization != $"Bearer {Token}" ? (401, new JsonObject())
            : (method, path) switch
            {
                ("GET", Deployment) => (200, new JsonObject { ["status"] = Ready is { } ready ? new JsonObject { ["readyReplicas"] = ready } : new JsonObject() }),
                ("GET", Deployment + "/scale") => (200, Scale()),
                ("PUT", Deployment + "/scale") => await ChangeAsync(http),
                ("GET", "/apis/discovery.k8s.io/v1/namespaces/inference/endpointslices") when http.Request.Query["labelSelector"] == "kubernetes.io/service-name=llama" => (200, Slices.DeepClone()),
                _ => (404, new JsonObject()),
            };
        Calls.Enqueue($"{method} {path} {status}");
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(body.ToJsonString(), http.RequestAborted);
    }

    private async Task<(int, JsonNode)> ChangeAsync(HttpContext http)
    {
        if (http.Request.ContentType is not "application/json") return (415, new JsonObject());
        var scale = (await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted))!;
        if ((string?)scale["kind"] != "Scale" || (string?)scale["apiVersion"] != "autoscaling/v1" || (string?)scale["metadata"]!["name"] != "llama") return (400, new JsonObject());
        if (Intrusions > 0) (Intrusions, _version) = (Intrusions - 1, _version + 1);
        if ((string?)scale["metadata"]!["resourceVersion"] != $"{_version}") return (409, new JsonObject());
        (Replicas, _version) = ((int)scale["spec"]!["replicas"]!, _version + 1);
        return (200, Scale());
    }

    /// <summary>As Kubernetes does, a zero is left out.</summary>
    private JsonObject Scale() => new()
    {
        ["kind"] = "Scale",
        ["apiVersion"] = "autoscaling/v1",
        ["metadata"] = new JsonObject { ["name"] = "llama", ["namespace"] = "inference", ["resourceVersion"] = $"{_version}" },
        ["spec"] = Replicas == 0 ? new JsonObject() : new JsonObject { ["replicas"] = Replicas },
        ["status"] = new JsonObject { ["replicas"] = Replicas, ["selector"] = "app=llama" },
    };

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
