using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using TokenLedger.Gateway.Ledger;
using TokenLedger.Gateway.Requests;
using TokenLedger.Gateway.Upstreams;
using TokenLedger.Hosting;

namespace TokenLedger.Gateway;

/// <summary>Gateway: passes requests of OpenAI's and Anthropic's clients on to inference servers, each admitted before and accounted for after.</summary>
public static class GatewayModule
{
    public static void AddGateway(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddSettings<GatewayOptions>(builder.Configuration, GatewayOptions.Section);
        services.TryAddSingleton<ILedgerPort, HttpLedgerPort>();
        services.AddSingleton<GatewayMeters>();
        services.AddSingleton<InputEstimates>();
        services.AddSingleton<UpstreamClient>();
        services.AddSingleton<IUpstreams, ConfiguredUpstreams>();
        services.AddSingleton<ReplicaChooser>();
        services.AddSingleton<Keys>();
        services.AddSingleton<ProxyParts>();
        services.AddSingleton<Proxy>();
        services.AddSingleton<Models>();
        services.AddSingleton<UsageReporter>();
        services.AddHostedService(provider => provider.GetRequiredService<UsageReporter>());
        services.AddHostedService<HealthLoop>();
    }

    public static void MapGateway(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        // Keys are looked at in the handlers: their clients understand refusals in another shape than problems.
        routes.MapGet("/v1/models", (HttpContext http, Models models) => models.ListAsync(http)).Produces<ModelList>().WithTags("Gateway").AllowAnonymous();
        routes.MapGet("/v1/models/{**id}", (HttpContext http, Models models, string id) => models.FindAsync(http, id)).Produces<ModelEntry>().WithTags("Gateway").AllowAnonymous();
        var limit = new BodyLimit(routes.ServiceProvider.GetRequiredService<IOptions<GatewayOptions>>().Value.MaxBodyBytes);
        foreach (var api in Enum.GetValues<Api>())
            routes.MapPost(UpstreamClient.PathOf(api), (HttpContext http, Proxy proxy) => proxy.ServeAsync(http, api)).WithTags("Gateway").WithMetadata(limit).AllowAnonymous();
    }

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
