using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TokenLedger.Contracts.Http;
using TokenLedger.Hosting.Access;
using TokenLedger.Hosting.Problems;

namespace TokenLedger.Hosting;

/// <summary>What every process has in common: ledger, bus, health, telemetry, address, limits and logs.</summary>
public static class TokenLedgerHosting
{
    /// <param name="service">Name of the service, such as <c>metering</c>.</param>
    /// <param name="defaultUrls">Where it listens when nothing else is said.</param>
    public static WebApplicationBuilder AddTokenLedgerHosting(this WebApplicationBuilder builder, string service, string defaultUrls)
    {
        ArgumentNullException.ThrowIfNull(builder);
        Settings.ExpandShortForms(builder.Configuration);
        builder.Services.TryAddSingleton(TimeProvider.System);
        AddLogs(builder.Logging);
        AddHttp(builder, defaultUrls);
        builder.Services.AddLedger(builder.Configuration);
        builder.Services.AddTokenLedgerBus(builder.Configuration);
        builder.Services.AddSealing(builder.Configuration);
        builder.Services.AddTokenLedgerAccess(builder.Configuration);
        builder.Services.AddTokenLedgerProblems();
        builder.Services.AddTokenLedgerHealth(builder.Configuration);
        builder.AddTokenLedgerTelemetry(service);
        return builder;
    }

    /// <summary>Health, metrics, the API's description and the ledger's own endpoints.</summary>
    public static WebApplication MapTokenLedgerHosting(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseTokenLedgerProblems();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapTokenLedgerHealth();
        app.MapTokenLedgerMetrics();
        app.MapOpenApi("/openapi/v1.json").AllowAnonymous();
        app.MapLedger();
        app.MapSealing();
        return app;
    }

    private static void AddHttp(WebApplicationBuilder builder, string defaultUrls)
    {
        builder.Services.AddSettings<HttpOptions>(builder.Configuration, HttpOptions.Section);
        builder.WebHost.UseUrls(builder.Configuration[$"{HttpOptions.Section}:{nameof(HttpOptions.Urls)}"] is { Length: > 0 } urls ? urls : defaultUrls);
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<HttpOptions>>((kestrel, http) =>
        {
            kestrel.Limits.MaxRequestBodySize = http.Value.MaxBodyBytes;
            kestrel.AddServerHeader = false;
        });
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, HttpJson.Default);
            json.SerializerOptions.NumberHandling = HttpJson.Default.Options.NumberHandling;
            json.SerializerOptions.UnmappedMemberHandling = HttpJson.Default.Options.UnmappedMemberHandling;
            json.SerializerOptions.AllowDuplicateProperties = false; // Of two amounts under one name neither is sure to be the one that was meant.
            json.SerializerOptions.DefaultIgnoreCondition = HttpJson.Default.Options.DefaultIgnoreCondition;
            foreach (var converter in HttpJson.Default.Options.Converters) json.SerializerOptions.Converters.Add(converter);
        });
        builder.Services.AddOpenApi();
    }

    private static void AddLogs(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory, KeylessLogs>());
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        // A line per request, per try to reach a broker and per look at the health would drown the rest.
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.AddFilter("MassTransit", LogLevel.Error);
        logging.AddFilter("TokenLedger.Hosting.Access", LogLevel.Warning);
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
    }
}
