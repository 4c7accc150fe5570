namespace TokenLedger.Autoscaler.Engines;

/// <summary>
/// Reads what vLLM says of itself from Prometheus text. Several series of a name, as of several models in one process, are summed, the use of the KV cache averaged.
/// A line that cannot be read is counted and left out, a number that is none counts as not said.
/// </summary>
internal static class MetricsText
{
    private const string Prefix = "vllm:";
    private const string FirstToken = "vllm:time_to_first_token_seconds_bucket";
    private const string InterToken = "vllm:inter_token_latency_seconds_bucket";

    /// <exception cref="ScrapeException">It is too long, or nothing in it is of an engine.</exception>
    public static (EngineSample Sample, int Malformed) Read(ReadOnlySpan<char> text, DateTimeOffset at, int mostLines)
    {
        var values = new Dictionary<string, (double Sum, int Count)>();
        var names = values.GetAlternateLookup<ReadOnlySpan<char>>();
        var (first, inter) = (new Dictionary<double, double>(), new Dictionary<double, double>());
        var (lines, malformed) = (0, 0);
        foreach (var raw in text.EnumerateLines())
        {
            if (++lines > mostLines) throw new ScrapeException($"It has more than {mostLines} lines.");
            var line = raw.Trim();
            // Whatever else a process measures is not looked at.
            if (!line.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            if (!MetricLine.TryRead(line, out var sample)) malformed++;
            else if (!double.IsFinite(sample.Value) || sample.Value < 0) continue;
            else if (sample.Name is FirstToken) Add(first, sample);
            else if (sample.Name is InterToken) Add(inter, sample);
            else if (names.TryGetValue(sample.Name, out var sum)) names[sample.Name] = (sum.Sum + sample.Value, sum.Count + 1);
            else names[sample.Name] = (sample.Value, 1);
        }
        var read = new EngineSample(
            at, Sum("vllm:num_requests_running"), Sum("vllm:num_requests_waiting"), Mean("vllm:kv_cache_usage_perc"),
            Sum("vllm:prompt_tokens_total"), Sum("vllm:generation_tokens_total"), Buckets.Of(first), Buckets.Of(inter));
        if (read == new EngineSample(at, null, null, null, null, null, null, null)) throw new ScrapeException("It says nothing under vLLM's names.");
        return (read, malformed);

        double? Sum(string name) => values.TryGetValue(name, out var value) ? value.Sum : null;

        double? Mean(string name) => values.TryGetValue(name, out var value) ? value.Sum / value.Count : null;
    }

    private static void Add(Dictionary<double, double> buckets, MetricLine sample)
    {
        if (!double.IsNaN(sample.Bound)) buckets[sample.Bound] = buckets.GetValueOrDefault(sample.Bound) + sample.Value;
    }
}
