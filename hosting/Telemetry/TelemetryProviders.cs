using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace TokenLedger.Hosting;

/// <summary>Keeps OpenTelemetry's providers for as long as the process runs, and lets them send what they hold when it stops.</summary>
internal sealed class TelemetryProviders(ResourceBuilder resource, bool otlp, PrometheusExporter prometheus, IMeterFactory meters, IOptions<TelemetryOptions> options)
    : IHostedService, IDisposable
{
    private static readonly string[] s_sources = ["Microsoft.AspNetCore", "Npgsql", "MassTransit", "TokenLedger"];
    private static readonly string[] s_meters =
        ["tokenledger.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Npgsql", "System.Runtime", "MassTransit"];

    private MeterProvider? _metrics;
    private TracerProvider? _traces;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _metrics = Metrics();
        // A span that goes nowhere is only work.
        if (otlp) _traces = Traces();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }

    private MeterProvider Metrics()
    {
        var builder = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(s_meters).SetMaxMetricStreams(options.Value.Metrics)
            .AddView(View).AddReader(prometheus.Reader);
        return (otlp ? builder.AddOtlpExporter() : builder).Build();
    }

    // Several hosts may live in one process, as in tests: each shows what it measured itself, and what nobody in particular did.
    private MetricStreamConfiguration View(Instrument instrument) => instrument.Meter.Scope is IMeterFactory owner && owner != meters
        ? MetricStreamConfiguration.Drop
        : new MetricStreamConfiguration { CardinalityLimit = options.Value.SeriesPerMetric };

    private TracerProvider Traces() =>
        Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(s_sources).AddProcessor(new KeylessSpans()).AddOtlpExporter().Build();
}
