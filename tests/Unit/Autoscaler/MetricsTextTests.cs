using TokenLedger.Autoscaler.Engines;

namespace TokenLedger.Tests.Unit.Autoscaler;

/// <summary>What vLLM writes, and what other programs make of the same format.</summary>
public sealed class MetricsTextTests
{
    private const string Vllm = """
        # HELP python_gc_objects_collected_total Objects collected during gc
        # TYPE python_gc_objects_collected_total counter
        python_gc_objects_collected_total{generation="0"} 14381.0
        process_resident_memory_bytes 6.10451456e+08
        # HELP vllm:num_requests_running Number of requests in model execution batches.
        # TYPE vllm:num_requests_running gauge
        vllm:num_requests_running{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"} 17.0
        # TYPE vllm:num_requests_waiting gauge
        vllm:num_requests_waiting{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"} 3.0
        # TYPE vllm:kv_cache_usage_perc gauge
        vllm:kv_cache_usage_perc{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"} 0.4375
        # TYPE vllm:prompt_tokens_total counter
        vllm:prompt_tokens_total{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"} 1.048576e+06
        # TYPE vllm:generation_tokens_total counter
        vllm:generation_tokens_total{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"} 524288.0
        # TYPE vllm:time_to_first_token_seconds histogram
        vllm:time_to_first_token_seconds_sum{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"} 12.5
        vllm:time_to_first_token_seconds_bucket{engine="0",le="0.1",model_name="meta-llama/Llama-3.1-8B-Instruct"} 40.0
        vllm:time_to_first_token_seconds_bucket{engine="0",le="0.25",model_name="meta-llama/Llama-3.1-8B-Instruct"} 90.0
        vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="meta-llama/Llama-3.1-8B-Instruct"} 100.0
        vllm:time_to_first_token_seconds_count{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"} 100.0
        # TYPE vllm:inter_token_latency_seconds histogram
        vllm:inter_token_latency_seconds_bucket{engine="0",le="0.02",model_name="meta-llama/Llama-3.1-8B-Instruct"} 1000.0
        vllm:inter_token_latency_seconds_bucket{engine="0",le="+Inf",model_name="meta-llama/Llama-3.1-8B-Instruct"} 1000.0
        """;

    private static readonly DateTimeOffset s_noon = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Reads_an_engine_of_vLLM()
    {
        var (sample, malformed) = Read(Vllm);
        Assert.Equal((17, 3, 0.4375, 1_048_576, 524_288), (sample.Running, sample.Waiting, sample.KvCacheUsage, sample.PromptTokens, sample.GenerationTokens));
        Assert.Equal(0, malformed);
        Assert.Equal([0.1, 0.25, double.PositiveInfinity], sample.FirstToken!.Bounds);
        Assert.Equal([40, 90, 100], sample.FirstToken.Counts);
        Assert.Equal(0.01, sample.InterToken!.Quantile(0.5)!.Value, 12);
    }

    /// <summary>Data parallel ranks, or adapters, of one process: amounts are summed, the use of the cache averaged.</summary>
    [Fact]
    public void Takes_several_series_of_a_name_together()
    {
        var (sample, _) = Read("""
            vllm:num_requests_running{engine="0"} 2
            vllm:num_requests_running{engine="1"} 5
            vllm:kv_cache_usage_perc{engine="0"} 0.2
            vllm:kv_cache_usage_perc{engine="1"} 0.6
            vllm:time_to_first_token_seconds_bucket{engine="0",le="1"} 3
            vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf"} 4
            vllm:time_to_first_token_seconds_bucket{engine="1",le="1"} 6
            vllm:time_to_first_token_seconds_bucket{engine="1",le="+Inf"} 6
            """);
        Assert.Equal((7, 0.4), (sample.Running, Math.Round(sample.KvCacheUsage!.Value, 12)));
        Assert.Equal([9, 10], sample.FirstToken!.Counts);
    }

    [Theory]
    [InlineData("vllm:num_requests_running 4", 4)]
    [InlineData("vllm:num_requests_running\t4 1782907200000", 4)]
    [InlineData("  vllm:num_requests_running{} 4\r", 4)]
    [InlineData("vllm:num_requests_running{ model_name = \"a\" , } 4", 4)]
    [InlineData("vllm:num_requests_running{model_name=\"a } \\\" b\\\\\"} 4", 4)]
    [InlineData("vllm:num_requests_running{model_name=\"größe,le=\"} 4e0 # {trace=\"x\"} 1", 4)]
    public void Reads_every_way_to_write_a_sample(string line, double running) => Assert.Equal((running, 0), Read(line) is var (sample, malformed) ? (sample.Running, malformed) : default);

    [Theory]
    [InlineData("vllm:num_requests_waiting")]
    [InlineData("vllm:num_requests_waiting ")]
    [InlineData("vllm:num_requests_waiting four")]
    [InlineData("vllm:num_requests_waiting 0x4")]
    [InlineData("vllm:num_requests_waiting{model_name=\"a} 4")]
    [InlineData("vllm:num_requests_waiting{model_name=a} 4")]
    [InlineData("vllm:num_requests_waiting{model_name} 4")]
    [InlineData("vllm:num_requests_waiting{model_name=\"a\"")]
    [InlineData("vllm:num_requests_waiting{model_name=\"a\\")]
    [InlineData("vllm:time_to_first_token_seconds_bucket{le=\"much\"} 4")]
    public void Counts_a_line_that_is_no_sample_and_reads_on(string line)
    {
        var (sample, malformed) = Read($"{line}\nvllm:num_requests_running 4");
        Assert.Equal((4, null, 1), (sample.Running, sample.Waiting, malformed));
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("+Inf")]
    [InlineData("-Inf")]
    [InlineData("-1")]
    [InlineData("1e400")]
    public void Takes_what_is_no_amount_for_not_said(string value)
    {
        var (sample, malformed) = Read($"vllm:kv_cache_usage_perc {value}\nvllm:prompt_tokens_total {value}\nvllm:num_requests_running 4");
        Assert.Equal((null, null, 4, 0), (sample.KvCacheUsage, sample.PromptTokens, sample.Running, malformed));
    }

    [Fact]
    public void Knows_no_histogram_without_its_last_bucket() =>
        Assert.Null(Read("vllm:num_requests_running 1\nvllm:time_to_first_token_seconds_bucket{le=\"1\"} 3").Sample.FirstToken);

    [Theory]
    [InlineData("")]
    [InlineData("<html>404</html>")]
    [InlineData("http_requests_total 5")]
    [InlineData("vllm:num_requests_running NaN")]
    public void Says_when_nothing_is_of_an_engine(string text) =>
        Assert.Equal("It says nothing under vLLM's names.", Assert.Throws<ScrapeException>(() => Read(text)).Message);

    [Fact]
    public void Reads_no_more_lines_than_it_may() =>
        Assert.Equal("It has more than 5 lines.", Assert.Throws<ScrapeException>(() => MetricsText.Read("a 1\na 1\na 1\na 1\na 1\na 1", s_noon, mostLines: 5)).Message);

    private static (EngineSample Sample, int Malformed) Read(string text) => MetricsText.Read(text, s_noon, mostLines: 10_000);
}
