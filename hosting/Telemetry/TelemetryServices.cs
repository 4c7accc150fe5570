using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry.Logs;
using OpenTelemetry.Resources;

namespace TokenLedger.Hosting;

/// <summary>Traces, metrics and logs. They leave the process over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; <c>/metrics</c> is always there.</summary>
public static class TelemetryServices
{
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    // ASP.NET Core 10 leaves OpenTelemetry's attributes off its spans unless it is told otherwise.
    private const string SpansWithoutAttributes = "Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData";

    public static void AddTokenLedgerTelemetry(this IHostApplicationBuilder builder, string service)
    {
        var resource = ResourceBuilder.CreateDefault().AddService($"tokenledger-{service}", serviceVersion: Version());
        var otlp = !string.IsNullOrEmpty(builder.Configuration[OtlpEndpoint]);
        builder.Services.AddSettings<TelemetryOptions>(builder.Configuration, TelemetryOptions.Section);
        builder.Services.AddSingleton<PrometheusExporter>();
        builder.Services.AddHostedService(provider => ActivatorUtilities.CreateInstance<TelemetryProviders>(provider, resource, otlp));
        if (!otlp) return;
        AppContext.SetSwitch(SpansWithoutAttributes, false);
        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeFormattedMessage = true;
            logs.SetResourceBuilder(resource).AddOtlpExporter();
        });
    }

    public static void MapTokenLedgerMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", (PrometheusExporter exporter, IOptions<TelemetryOptions> options) =>
            TypedResults.Text(exporter.Scrape(options.Value.ScrapeTimeout), PrometheusText.ContentType)).AllowAnonymous().ExcludeFromDescription();

    private static string Version() =>
        typeof(TelemetryServices).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
