namespace TokenLedger.Autoscaler.Engines;

/// <summary>What an engine's metrics said at one time; whatever they did not say, or said as no number, is absent. Counters and histograms count since the engine began.</summary>
internal sealed record EngineSample(
    DateTimeOffset At, double? Running, double? Waiting, double? KvCacheUsage, double? PromptTokens, double? GenerationTokens, Buckets? FirstToken, Buckets? InterToken)
{
    /// <summary>True when no request runs or waits there.</summary>
    public bool IsIdle => Running == 0 && !(Waiting > 0);
}

/// <summary>An engine's metrics could not be had, in words that may be shown.</summary>
internal sealed class ScrapeException(string reason, Exception? inner = null) : Exception(reason, inner);
