using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using TokenLedger.Autoscaler.Actuators;
using TokenLedger.Contracts;

namespace TokenLedger.Autoscaler.Engines;

/// <summary>Where a pool's engines are asked: a list, every address of a name, the endpoints of a Kubernetes service. While one of the last two cannot be told, what was known last is asked.</summary>
internal sealed class TargetFinder(PoolId pool, FleetOptions fleet, AutoscalerOptions options, KubernetesApi kubernetes, ILogger log)
{
    private readonly List<Uri> _listed = [.. fleet.Targets.Select(target => new Uri(target))];
    private IReadOnlyList<Uri>? _found = fleet.Dns is null && fleet.Service is null ? [] : null;
    private bool _failing;

    /// <returns>Null when they have never been told: that is not to be taken for none.</returns>
    public async Task<IReadOnlyList<Uri>?> FindAsync(CancellationToken ct)
    {
        try
        {
            var found = new List<Uri>();
            if (fleet.Dns is { } name) found.AddRange(await ResolveAsync(new Uri(name), ct));
            if (fleet.Service is { } service) found.AddRange(await EndpointsAsync(service.Split('/'), ct));
            (_found, _failing) = (found, false);
        }
        catch (Exception e) when (e is SocketException or ActuatorException)
        {
            if (!_failing) log.LogWarning("The engines of pool {Pool} cannot be looked up; those known last, if any, are asked. {Reason}", pool, e.Message);
            _failing = true;
        }
        if (_found is null && _listed.Count == 0) return null;
        var all = _listed.Concat(_found ?? []).Distinct().ToList();
        if (all.Count > options.MaxTargets) log.LogWarning("Pool {Pool} has {Targets} engines; only the first {Most} are asked.", pool, all.Count, options.MaxTargets);
        return all.Count > options.MaxTargets ? all[..options.MaxTargets] : all;
    }

    private static async Task<IEnumerable<Uri>> ResolveAsync(Uri address, CancellationToken ct) =>
        (await Dns.GetHostAddressesAsync(address.Host, AddressFamily.InterNetwork, ct)).Select(one => new UriBuilder(address) { Host = one.ToString() }.Uri);

    /// <summary>The ready endpoints. One that leaves is not asked any more: what it serves is not the pool's future.</summary>
    private async Task<List<Uri>> EndpointsAsync(string[] service, CancellationToken ct)
    {
        var slices = await kubernetes.GetAsync($"/apis/discovery.k8s.io/v1/namespaces/{service[0]}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D{service[1]}", ct);
        try
        {
            return [.. from slice in Items(slices, "items")
                       let port = Items(slice, "ports").FirstOrDefault(port => fleet.ServicePort is not { } wanted || (string?)port["name"] == wanted || port["port"]?.ToString() == wanted)
                       where port?["port"] is not null
                       from endpoint in Items(slice, "endpoints")
                       where (bool?)endpoint["conditions"]?["ready"] != false && Items(endpoint, "addresses").Any()
                       // All addresses of an endpoint are the same engine.
                       select new UriBuilder("http", (string)endpoint["addresses"]![0]!, (int)port["port"]!, fleet.MetricsPath).Uri];
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or UriFormatException or ArgumentException)
        {
            throw new ActuatorException("The API server's endpoint slices cannot be read.", e);
        }
    }

    private static IEnumerable<JsonNode> Items(JsonNode node, string name) => (node[name] as JsonArray ?? []).OfType<JsonNode>();
}
