using System.Text.Json.Nodes;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>What most tests begin with: a pool, an entitlement, a key.</summary>
internal static class ApiSetup
{
    public static async Task OpenPoolAsync(this ApiInstance api, string pool, JsonObject? body = null) =>
        (await api.Operator.PutAsync($"/v1/pools/{pool}", body ?? Bodies.Pool())).MustBe(201);

    public static async Task GrantAsync(this ApiInstance api, string pool, string entitlement, JsonObject? body = null) =>
        (await api.Operator.PutAsync($"/v1/pools/{pool}/entitlements/{entitlement}", body ?? Bodies.Entitlement())).MustBe(201);

    /// <summary>An entitlement of its own and a client that holds its key.</summary>
    public static async Task<ApiClient> EnterAsync(this ApiInstance api, string pool, string entitlement, JsonObject? body = null)
    {
        await api.GrantAsync(pool, entitlement, body);
        return api.With((await api.IssueKeyAsync(pool, entitlement)).Text("key"));
    }

    public static async Task<ApiAnswer> IssueKeyAsync(this ApiInstance api, string pool, string entitlement) =>
        (await api.Operator.PostAsync($"/v1/pools/{pool}/entitlements/{entitlement}/keys")).MustBe(201);

    public static async Task<ApiAnswer> IssueOperatorKeyAsync(this ApiInstance api, string role, string? tenant = null) =>
        (await api.Operator.PostAsync("/v1/keys", new JsonObject { ["name"] = $"a-{role}", ["roles"] = new JsonArray(role), ["tenant"] = tenant })).MustBe(201);

    public static async Task<ApiClient> AsRoleAsync(this ApiInstance api, string role, string? tenant = null) =>
        api.With((await api.IssueOperatorKeyAsync(role, tenant)).Text("key"));

    public static Task<ApiAnswer> AdmitAsync(this ApiClient gateway, Guid request, long input = 100, long output = 50) =>
        gateway.PostAsync("/v1/admissions", Bodies.Admission(request, input, output));

    public static Task<ApiAnswer> UseAsync(this ApiClient gateway, Guid request, long input = 100, long output = 50, string? id = null) =>
        gateway.PostUsageAsync(Bodies.Usage(request, input, output, id));

    /// <summary>The pool, and of it one entitlement.</summary>
    public static async Task<(JsonNode Pool, JsonNode Entitlement)> LookAsync(this ApiInstance api, string pool, string entitlement)
    {
        var view = (await api.Operator.GetAsync($"/v1/pools/{pool}")).MustBe(200).Json;
        return (view, view["entitlements"]!.AsArray().Single(e => (string?)e!["entitlement"] == entitlement)!);
    }
}
