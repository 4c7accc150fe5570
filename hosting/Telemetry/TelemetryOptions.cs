using System.ComponentModel.DataAnnotations;

namespace TokenLedger.Hosting;

/// <summary>Bounds of what is measured. Section <c>TokenLedger:Telemetry</c>.</summary>
public sealed class TelemetryOptions
{
    public const string Section = "TokenLedger:Telemetry";

    /// <summary>Label combinations that one metric keeps; what comes beyond is counted under <c>otel_metric_overflow</c>.</summary>
    [Range(10, 100_000)] public int SeriesPerMetric { get; set; } = 1_000;

    /// <summary>Metrics that the process keeps.</summary>
    [Range(10, 10_000)] public int Metrics { get; set; } = 1_000;

    /// <summary>How long one reading of all metrics may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")] public TimeSpan ScrapeTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
