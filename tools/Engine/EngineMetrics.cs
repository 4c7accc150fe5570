using System.Globalization;
using System.Text;

namespace TokenLedger.Engine;

/// <summary>The engine's metrics in Prometheus text under vLLM's names.</summary>
internal sealed class EngineMetrics(EngineOptions options)
{
    private readonly Lock _lock = new();
    private readonly Histogram _timeToFirstToken = new(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160);
    private readonly Histogram _interTokenLatency = new(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 10);
    private long _running, _waiting, _promptTokens, _generationTokens, _queries, _hits, _preemptions, _stopped, _aborted;
    private double _cacheUsage;

    /// <summary>Outstanding work as it is now.</summary>
    public void Now(int running, int waiting, double cacheUsage)
    {
        lock (_lock) (_running, _waiting, _cacheUsage) = (running, waiting, cacheUsage);
    }

    /// <summary>A prompt was looked up in the prefix cache.</summary>
    public void Started(int promptTokens, int cachedTokens)
    {
        lock (_lock) (_queries, _hits) = (_queries + promptTokens, _hits + cachedTokens);
    }

    public void Preempted()
    {
        lock (_lock) _preemptions++;
    }

    public void Finished(bool completed)
    {
        lock (_lock) (_stopped, _aborted) = completed ? (_stopped + 1, _aborted) : (_stopped, _aborted + 1);
    }

    public void Tokens(int prompt, int generated)
    {
        lock (_lock) (_promptTokens, _generationTokens) = (_promptTokens + prompt, _generationTokens + generated);
    }

    public void FirstToken(TimeSpan sinceArrival)
    {
        lock (_lock) _timeToFirstToken.Observe(sinceArrival.TotalSeconds, 1);
    }

    /// <summary>Tokens made in one step are taken to have come at equal distances.</summary>
    public void NextTokens(TimeSpan sinceLast, int count)
    {
        lock (_lock) _interTokenLatency.Observe(sinceLast.TotalSeconds / count, count);
    }

    public string ToPrometheusText()
    {
        var label = $"model_name=\"{options.Model.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        var text = new StringBuilder();
        lock (_lock)
        {
            Value("gauge", "vllm:num_requests_running", _running);
            Value("gauge", "vllm:num_requests_waiting", _waiting);
            Value("gauge", "vllm:kv_cache_usage_perc", _cacheUsage);
            Value("counter", "vllm:prompt_tokens_total", _promptTokens);
            Value("counter", "vllm:generation_tokens_total", _generationTokens);
            Value("counter", "vllm:prefix_cache_queries_total", _queries);
            Value("counter", "vllm:prefix_cache_hits_total", _hits);
            Value("counter", "vllm:num_preemptions_total", _preemptions);
            text.Append(CultureInfo.InvariantCulture, $"# TYPE vllm:request_success_total counter\nvllm:request_success_total{{{label},finished_reason=\"stop\"}} {_stopped}\nvllm:request_success_total{{{label},finished_reason=\"abort\"}} {_aborted}\n");
            _timeToFirstToken.Write(text, "vllm:time_to_first_token_seconds", label);
            _interTokenLatency.Write(text, "vllm:inter_token_latency_seconds", label);
        }
        return text.ToString();

        void Value(string type, string name, double value) =>
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n{name}{{{label}}} {value}\n");
    }

    /// <summary>Counts in buckets; Prometheus wants them cumulative.</summary>
    private sealed class Histogram(params double[] bounds)
    {
        private readonly long[] _counts = new long[bounds.Length + 1];
        private double _sum;

        public void Observe(double value, int times)
        {
            var bucket = Array.FindIndex(bounds, bound => value <= bound);
            _counts[bucket < 0 ? bounds.Length : bucket] += times;
            _sum += value * times;
        }

        public void Write(StringBuilder text, string name, string label)
        {
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} histogram\n");
            long below = 0;
            for (var i = 0; i < _counts.Length; i++)
            {
                below += _counts[i];
                var bound = i < bounds.Length ? bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
                text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{label},le=\"{bound}\"}} {below}\n");
            }
            text.Append(CultureInfo.InvariantCulture, $"{name}_sum{{{label}}} {_sum}\n{name}_count{{{label}}} {below}\n");
        }
    }
}
