using System.Text.Json.Nodes;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Autoscaler.Actuators;

/// <summary>
/// The scale subresource of a deployment. What it writes carries the resource version that it read, so that of two writers one is told to look again.
/// A pod that leaves finishes its requests within its own grace period.
/// </summary>
internal sealed class KubernetesActuator(KubernetesApi api, string deployment) : IActuator
{
    private const int MostConflicts = 5;
    private static readonly Dictionary<Uri, ReplicaState> s_none = [];
    private readonly string _path = $"/apis/apps/v1/namespaces/{deployment.Split('/')[0]}/deployments/{deployment.Split('/')[1]}";

    public async Task<FleetStatus?> LookAsync(CancellationToken ct) =>
        // Kubernetes leaves a zero out.
        new FleetStatus(Number(await api.GetAsync(_path, ct), "status", "readyReplicas") ?? 0, s_none);

    public async Task ScaleAsync(int replicas, CancellationToken ct)
    {
        for (var conflicts = 0; ; conflicts++)
            try
            {
                var scale = await api.GetAsync($"{_path}/scale", ct);
                if ((Number(scale, "spec", "replicas") ?? 0) == replicas) return;
                if (scale["spec"] is not JsonObject spec) throw new ActuatorException("The API server's scale has no spec.");
                spec["replicas"] = replicas;
                await api.PutAsync($"{_path}/scale", scale, ct);
                return;
            }
            catch (KubernetesConflictException) when (conflicts < MostConflicts)
            {
                // Somebody changed the deployment in between: it is read again.
            }
            catch (KubernetesConflictException e)
            {
                throw new ActuatorException("Somebody else keeps changing the deployment.", e);
            }
    }

    private static int? Number(JsonNode document, string part, string field) =>
        (document as JsonObject)?[part] is JsonObject inside && inside[field] is JsonValue value && value.TryGetValue<int>(out var number) ? number : null;
}
