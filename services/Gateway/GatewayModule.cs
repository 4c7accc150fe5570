using Microsoft.AspNetCore.Http.Metadata;
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
        if (services.All(service => service.ServiceType != typeof(ILedgerPort)))
        {
            services.AddSingleton<ILedgerPort, HttpLedgerPort>();
            // The ends of another gateway's requests cannot be told with the keys of those requests: nobody knows them.
            services.AddOptions<GatewayOptions>().Validate(
                options => options is not { UsagePath.Length: > 0, ReportKey: null or "" },
                $"{GatewayOptions.Section}:{nameof(GatewayOptions.ReportKey)} is required with {nameof(GatewayOptions.UsagePath)} where Metering is another process.");
        }
        services.AddSingleton<GatewayMeters>();
        services.AddSingleton<InputEstimates>();
        services.AddSingleton<UpstreamClient>();
        services.AddSingleton<IUpstreams, ConfiguredUpstreams>();
        services.AddSingleton<ReplicaChooser>();
        services.AddSingleton<UsageInquiry>();
        services.AddSingleton<Keys>();
        services.AddSingleton<ProxyParts>();
        services.AddSingleton<Proxy>();
        services.AddSingleton<Models>();
        services.AddSingleton<FirstTokens>();
        services.AddSingleton<UsageReporter>();
        services.AddHostedService(provider => provider.GetRequiredService<UsageReporter>());
        services.AddHostedService<HealthLoop>();
        services.AddHostedService<EndRecovery>();
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
