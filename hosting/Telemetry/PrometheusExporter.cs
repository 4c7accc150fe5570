using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace TokenLedger.Hosting;

/// <summary>Reads all metrics when asked, for <c>/metrics</c>.</summary>
internal sealed class PrometheusExporter : BaseExporter<Metric>
{
    private readonly Lock _one = new();
    private readonly BaseExportingMetricReader _reader;
    private string _text = "";

    public PrometheusExporter() => _reader = new BaseExportingMetricReader(this);

    public MetricReader Reader => _reader;

    /// <summary>One reading at a time: the metrics' points are shared.</summary>
    public string Scrape(TimeSpan timeout)
    {
        lock (_one)
        {
            if (!_reader.Collect((int)timeout.TotalMilliseconds)) throw new TimeoutException("The metrics could not be read in time.");
            return _text;
        }
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        List<Metric> metrics = [];
        foreach (var metric in batch) metrics.Add(metric);
        var text = new PrometheusText();
        text.Family("target_info", "gauge", "What is measured here.");
        text.Sample("target_info", PrometheusText.Labels(ParentProvider.GetResource().Attributes!), 1);
        // A family stands together and has one type; of metrics that disagree the first is right.
        foreach (var family in metrics.GroupBy(Name))
        {
            var type = TypeOf(family.First());
            text.Family(family.Key, type, family.First().Description);
            foreach (var metric in family.Where(metric => TypeOf(metric) == type)) Write(text, family.Key, metric);
        }
        _text = text.ToString();
        return ExportResult.Success;
    }

    private static string Name(Metric metric) =>
        PrometheusNames.Metric(metric.Name, metric.Unit, TypeOf(metric) == "counter", TypeOf(metric) == "gauge");

    private static string TypeOf(Metric metric) => metric.MetricType switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.Histogram => "histogram",
        MetricType.LongGauge or MetricType.DoubleGauge or MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic => "gauge",
        // Only a view makes these, and no view here does.
        var other => throw new NotSupportedException($"A metric of type {other} has no place in the text format."),
    };

    private static void Write(PrometheusText text, string name, Metric metric)
    {
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = Labels(metric, point);
            if (metric.MetricType == MetricType.Histogram) WriteHistogram(text, name, labels, point);
            else text.Sample(name, labels, Value(metric.MetricType, point));
        }
    }

    private static string Labels(Metric metric, in MetricPoint point)
    {
        List<KeyValuePair<string, object?>> tags = [new("otel_scope_name", metric.MeterName)];
        foreach (var tag in point.Tags) tags.Add(tag);
        return PrometheusText.Labels(tags);
    }

    private static double Value(MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
        MetricType.LongGauge => point.GetGaugeLastValueLong(),
        _ => point.GetGaugeLastValueDouble(),
    };

    private static void WriteHistogram(PrometheusText text, string name, string labels, in MetricPoint point)
    {
        // The format's buckets are cumulative, the SDK's are not.
        long cumulative = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            cumulative += bucket.BucketCount;
            text.Sample($"{name}_bucket", PrometheusText.With(labels, "le", PrometheusText.Number(bucket.ExplicitBound)), cumulative);
        }
        text.Sample($"{name}_sum", labels, point.GetHistogramSum());
        text.Sample($"{name}_count", labels, point.GetHistogramCount());
    }
}
