namespace TokenLedger.Contracts.Http;

// Documents of the Kubernetes API that the aggregation layer and the HPA ask for, under the names that are Kubernetes' own.

/// <summary>Answer of <c>GET /apis</c>.</summary>
public sealed record ApiGroupList(string Kind, string ApiVersion, IReadOnlyList<ApiGroup> Groups);

/// <summary>Answer of <c>GET /apis/external.metrics.k8s.io</c>, and an item of the list of groups, which has no kind of its own.</summary>
public sealed record ApiGroup(string Name, IReadOnlyList<ApiGroupVersion> Versions, ApiGroupVersion PreferredVersion, string? Kind = null, string? ApiVersion = null);

public sealed record ApiGroupVersion(string GroupVersion, string Version);

/// <summary>Answer of <c>GET /apis/external.metrics.k8s.io/v1beta1</c>.</summary>
public sealed record ApiResourceList(string Kind, string ApiVersion, string GroupVersion, IReadOnlyList<ApiResource> Resources);

public sealed record ApiResource(string Name, string SingularName, bool Namespaced, string Kind, IReadOnlyList<string> Verbs);

/// <summary>Answer of <c>GET /apis/external.metrics.k8s.io/v1beta1/namespaces/{namespace}/tokenledger_desired_replicas</c>.</summary>
public sealed record ExternalMetricValueList(string Kind, string ApiVersion, ListMeta Metadata, IReadOnlyList<ExternalMetricValue> Items);

/// <summary>Nothing that a list of metrics has to say of itself.</summary>
public sealed record ListMeta;

/// <param name="Value">A quantity of Kubernetes: a number as a text.</param>
public sealed record ExternalMetricValue(string MetricName, IReadOnlyDictionary<string, string> MetricLabels, DateTimeOffset Timestamp, string Value);
