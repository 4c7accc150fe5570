using Microsoft.AspNetCore.Http.HttpResults;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Scaling;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Autoscaler.Endpoints;

/// <summary>
/// The external metrics API of Kubernetes, for an HPA: the documents by which a cluster finds it, and one metric, the replicas that a pool should have. The namespace is whatever the HPA lives in;
/// pools are told apart by the label <c>pool</c>.
/// </summary>
internal static class ExternalMetricsEndpoints
{
    private const string Metric = "tokenledger_desired_replicas";
    private const string Group = "external.metrics.k8s.io";
    private const string Version = "v1beta1";
    private const string GroupVersion = $"{Group}/{Version}";
    private const string Label = "pool";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var apis = routes.MapGroup("/apis").WithTags("Kubernetes");
        // They name what every cluster's documents name, and the cluster looks at them before it trusts anybody.
        apis.MapGet("/", () => TypedResults.Ok(new ApiGroupList("APIGroupList", "v1", [OfGroup(null, null)]))).AllowAnonymous();
        apis.MapGet($"/{Group}", () => TypedResults.Ok(OfGroup("APIGroup", "v1"))).AllowAnonymous();
        apis.MapGet($"/{GroupVersion}", () => TypedResults.Ok(new ApiResourceList("APIResourceList", "v1", GroupVersion, [new(Metric, "", true, "ExternalMetricValueList", ["get"])]))).AllowAnonymous();
        apis.MapGet($"/{GroupVersion}/namespaces/{{ns}}/{Metric}", Get).RequireAuthorization(ExternalMetricsAccess.Policy);
    }

    private static ApiGroup OfGroup(string? kind, string? apiVersion) => new(Group, [new(GroupVersion, Version)], new(GroupVersion, Version), kind, apiVersion);

    private static Results<Ok<ExternalMetricValueList>, ProblemHttpResult> Get(string ns, string? labelSelector, FleetPools pools)
    {
        if (!TryReadSelector(labelSelector, out var wanted)) return Problem.Invalid("labelSelector", $"must be {Label}=name");
        var values = from pool in pools.Pools.OrderBy(pool => pool.Value, StringComparer.Ordinal)
                     where wanted is null || pool == wanted
                     let view = pools.With(pool, ScalingViews.Of)
                     where view is not null
                     select new ExternalMetricValue(Metric, new Dictionary<string, string> { [Label] = pool.Value }, view.DecidedAt, $"{view.DesiredReplicas}");
        return TypedResults.Ok(new ExternalMetricValueList("ExternalMetricValueList", GroupVersion, new(), [.. values]));
    }

    /// <summary>An equation for the pool, or nothing for all pools: what an HPA's <c>matchLabels</c> becomes.</summary>
    private static bool TryReadSelector(string? selector, out PoolId? pool)
    {
        pool = null;
        if (string.IsNullOrWhiteSpace(selector)) return true;
        if (selector.Split('=', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is not [Label, var name] || !PoolId.TryParse(name, null, out var parsed)) return false;
        pool = parsed;
        return true;
    }
}
