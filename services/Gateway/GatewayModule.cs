using System.Text.Json.Serialization;
using TokenLedger.Contracts;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Gateway;

/// <summary>A model as the OpenAI API lists it.</summary>
internal sealed record ModelEntry(string Id, string Object, long Created, [property: JsonPropertyName("owned_by")] string OwnedBy);

internal sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);

/// <summary>Gateway: what OpenAI clients ask. So far which models a key may use.</summary>
public static class GatewayModule
{
    public static void MapGateway(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/models", List).WithTags("Gateway").RequireAuthorization(Policies.Gateway);

    private static ModelList List(HttpContext http, LedgerDirectory directory)
    {
        IEnumerable<PoolId> pools = http.GetCaller() is InferenceCaller caller ? [caller.Pool] : directory.Pools;
        var models = pools.Select(directory.FindPool).OfType<PoolSettings>().Select(settings => settings.Model).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return new("list", [.. models.Select(model => new ModelEntry(model, "model", Created: 0, "tokenledger"))]);
    }
}
