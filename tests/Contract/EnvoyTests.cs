using System.Reflection;
using Microsoft.AspNetCore.Mvc;
using YamlDotNet.Serialization;

namespace TokenLedger.Tests.Contract;

/// <summary>infra/envoy/envoy.yaml cannot run where the tests run, so what it says is compared with what the endpoint reads. What the endpoint writes is compared where it runs.</summary>
public sealed class EnvoyTests
{
    private static readonly Dictionary<object, object> s_manager = At<Dictionary<object, object>>(
        new DeserializerBuilder().Build().Deserialize<object>(File.ReadAllText(Repository.PathOf("infra/envoy/envoy.yaml"))),
        "static_resources", "listeners", 0, "filter_chains", 0, "filters", 0, "typed_config");

    private static readonly string[] s_filters = [.. At<List<object>>(s_manager, "http_filters").Select(filter => At<string>(filter, "name"))];

    /// <summary>The names of all headers that the endpoint reads, but for that of the key.</summary>
    private static readonly string[] s_read = [.. Assembly.Load("TokenLedger.Admission").GetType("TokenLedger.Admission.Endpoints.AuthorizeRequest", throwOnError: true)!
        .GetConstructors().Single(constructor => constructor.GetParameters().Length > 1).GetParameters().Select(parameter => parameter.GetCustomAttribute<FromHeaderAttribute>()!.Name!)];

    /// <summary>Envoy sends <c>authorization</c> by itself; it can pass any status on; and a client's words about its own request count for nothing.</summary>
    [Fact]
    public void Sends_headers_that_the_endpoint_reads_and_none_that_a_client_wrote()
    {
        string[] mutated = [.. At<List<object>>(s_manager, "early_header_mutation_extensions", 0, "typed_config", "mutations").Select(mutation => At<string>(mutation, "remove"))];
        Assert.Equal(s_read.Order(StringComparer.Ordinal), mutated.Order(StringComparer.Ordinal));
        string[] allowed = [.. ((List<object>)Check("allowed_headers", "patterns")).Select(pattern => At<string>(pattern, "exact"))];
        Assert.Equal(["x-api-key"], allowed.Except(s_read));
        Assert.Equal("x-tokenledger-body-bytes", At<string>(Filter("header_mutation"), "mutations", "request_mutations", 0, "append", "header", "key"));
        Assert.Equal(["header_mutation", "ext_authz", "router"], s_filters.Select(name => name.Split('.')[^1]));
        Assert.Contains("x-tokenledger-body-bytes", allowed);
    }

    [Fact]
    public void Lets_nothing_pass_that_was_not_admitted()
    {
        Assert.Equal(("false", "ServiceUnavailable"), ((string)Check("failure_mode_allow"), (string)Check("status_on_error", "code")));
        Assert.Equal("/v1/authorize", Check("http_service", "path_prefix"));
        foreach (var (name, value) in ((string, string)[])[("normalize_path", "true"), ("merge_slashes", "true"), ("path_with_escaped_slashes_action", "REJECT_REQUEST"), ("preserve_external_request_id", "false")])
            Assert.Equal(value, At<string>(s_manager, name));
    }

    private static object Check(params object[] path) => At<object>(Filter("ext_authz"), path);

    private static object Filter(string name) => At<object>(At<List<object>>(s_manager, "http_filters")[Array.IndexOf(s_filters, "envoy.filters.http." + name)], "typed_config");

    private static T At<T>(object node, params object[] path) =>
        (T)path.Aggregate(node, (one, step) => step is int i ? ((List<object>)one)[i] : ((Dictionary<object, object>)one)[step]);
}
