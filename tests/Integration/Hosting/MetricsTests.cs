using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using TokenLedger.Contracts;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Tests.Integration.Hosting;

public sealed class MetricsTests
{
    private const string Odd = "a \"quoted\" \\ back\nnew";

    [Fact]
    public async Task Shows_counters_gauges_and_histograms_in_the_text_format()
    {
        await using var process = await WebProcess.StartAsync(new MemoryLedger(), _ => { });
        var meter = process.Services.GetRequiredService<IMeterFactory>().Create($"tokenledger.test-{Guid.NewGuid():N}");
        meter.CreateCounter<long>("a.things", "{thing}", "What was\ncounted \\ here.").Add(3, new KeyValuePair<string, object?>("the.label", Odd));
        meter.CreateUpDownCounter<long>("a.level", "By").Add(-2);
        meter.CreateGauge<double>("a.share", "1").Record(0.25);
        var histogram = meter.CreateHistogram("a.wait", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var seconds in (double[])[0.05, 0.5, 0.5, 7]) histogram.Record(seconds);

        var families = await ScrapeAsync(process);
        var things = families["a_things_total"];
        Assert.Equal(("counter", @"What was\ncounted \\ here."), (things.Type, things.Help));
        Assert.Equal((3, Odd), (Assert.Single(things.Samples).Value, things.Samples[0].Labels["the_label"]));
        Assert.Equal(("gauge", -2), (families["a_level_bytes"].Type, families["a_level_bytes"].Samples.Single().Value));
        Assert.Equal(0.25, families["a_share_ratio"].Samples.Single().Value);
        var wait = families["a_wait_seconds"];
        Assert.Equal([("0.1", 1), ("1", 3), ("+Inf", 4)], wait.Samples.Where(sample => sample.Labels.ContainsKey("le")).Select(sample => (sample.Labels["le"], sample.Value)));
        Assert.Equal(8.05, wait.Samples.Single(sample => sample.Name == "a_wait_seconds_sum").Value, precision: 10);
    }

    [Fact]
    public async Task Shows_the_ledger_its_readers_and_its_publishers()
    {
        var ledger = new MemoryLedger();
        var name = $"view-{Guid.NewGuid():N}";
        await ledger.AppendAsync("fleet-a", 0, Facts.Capacities(3), Within.Patience());
        await using var process = await WebProcess.StartAsync(ledger, services => services
            .AddLedgerFollower(name, [typeof(CapacityChanged)], _ => new SeenEvents()).AddLedgerPublisher("autoscaler", [typeof(CapacityChanged)]));
        await process.Follower(name).WaitForAsync(3, Within.Patience());
        using var ready = await process.Http.GetAsync(new Uri("/readyz", UriKind.Relative), Within.Patience());

        var families = await ScrapeAsync(process);
        Assert.Equal(0, Of(families["tokenledger_projection_lag"], name));
        Assert.Equal(3, Of(families["tokenledger_projection_position"], name));
        Assert.Equal(3, Of(families["tokenledger_projection_handled_total"], name));
        Assert.True(families["tokenledger_ledger_head"].Samples.Count > 0);
        Assert.Equal("tokenledger-test", families["target_info"].Samples.Single().Labels["service_name"]);
        Assert.Equal("histogram", families["http_server_request_duration_seconds"].Type);
        Assert.True(families["dotnet_process_memory_working_set_bytes"].Samples.Single().Value > 0);
    }

    [Fact]
    public async Task Keeps_no_more_series_of_a_metric_than_it_may()
    {
        await using var process = await WebProcess.StartAsync(new MemoryLedger(), _ => { }, ("TokenLedger:Telemetry:SeriesPerMetric", "10"));
        var counter = process.Services.GetRequiredService<IMeterFactory>().Create($"tokenledger.test-{Guid.NewGuid():N}").CreateCounter<long>("a.flood");
        for (var n = 0; n < 1_000; n++) counter.Add(1, new KeyValuePair<string, object?>("id", n));
        var flood = (await ScrapeAsync(process))["a_flood_total"];
        Assert.InRange(flood.Samples.Count, 10, 12);
        Assert.Equal(1_000, flood.Samples.Sum(sample => sample.Value));
    }

    [Theory]
    [InlineData("http.server.request.duration", "s", false, false, "http_server_request_duration_seconds")]
    [InlineData("requests", "{request}", true, false, "requests_total")]
    [InlineData("requests_total", null, true, false, "requests_total")]
    [InlineData("io", "By", true, false, "io_bytes_total")]
    [InlineData("io.bytes", "By", false, true, "io_bytes")]
    [InlineData("speed", "By/s", false, true, "speed_bytes_per_second")]
    [InlineData("rate", "{token}/s", false, true, "rate_per_second")]
    [InlineData("utilization", "1", false, true, "utilization_ratio")]
    [InlineData("utilization", "1", true, false, "utilization_total")]
    [InlineData("9 lives-left", "", false, true, "_9_lives_left")]
    public void Names_follow_the_convention(string name, string? unit, bool counter, bool gauge, string expected) =>
        Assert.Equal(expected, PrometheusNames.Metric(name, unit, counter, gauge));

    private static double Of(Family family, string projection) => family.Samples.Single(sample => sample.Labels["projection"] == projection).Value;

    private static async Task<IReadOnlyDictionary<string, Family>> ScrapeAsync(WebProcess process)
    {
        using var response = await process.Http.GetAsync(new Uri("/metrics", UriKind.Relative), Within.Patience());
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        return ExpositionText.Read(await response.Content.ReadAsStringAsync(Within.Patience()));
    }
}
