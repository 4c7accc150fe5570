using TokenLedger.Core.Scaling;

namespace TokenLedger.Autoscaler.Engines;

/// <summary>One engine over the last seconds: turns what it counted since it began into rates and quantiles of that time. An engine that began anew counts from zero again.</summary>
internal sealed class EngineHistory(TimeSpan window, double quantile)
{
    private readonly Queue<Step> _steps = new();
    private EngineSample? _last;

    public EngineScrape Add(EngineSample sample)
    {
        if (_last is { } last && sample.At > last.At)
            _steps.Enqueue(new(
                sample.At, (sample.At - last.At).TotalSeconds, Increase(last.PromptTokens, sample.PromptTokens), Increase(last.GenerationTokens, sample.GenerationTokens),
                Came(last.FirstToken, sample.FirstToken), Came(last.InterToken, sample.InterToken)));
        while (_steps.TryPeek(out var oldest) && oldest.At <= sample.At - window) _steps.Dequeue();
        _last = sample;
        return new(
            sample.At, Whole(sample.Running), Whole(sample.Waiting), sample.KvCacheUsage, Rate(step => step.PromptTokens), Rate(step => step.GenerationTokens),
            Quantile(step => step.FirstToken), Quantile(step => step.InterToken));
    }

    private double? Rate(Func<Step, double?> of)
    {
        var known = _steps.Where(step => of(step) is not null).ToList();
        return known.Count > 0 ? known.Sum(step => of(step)!.Value) / known.Sum(step => step.Seconds) : null;
    }

    private double? Quantile(Func<Step, Buckets?> of) => _steps.Select(of).OfType<Buckets>().Reverse().Aggregate((Buckets?)null, (sum, more) => sum?.Plus(more) ?? more)?.Quantile(quantile);

    private static double? Increase(double? before, double? now) => before is { } then && now is { } current ? current < then ? current : current - then : null;

    /// <summary>Without a look before there is nothing to compare with: all that it ever counted is not of this time.</summary>
    private static Buckets? Came(Buckets? before, Buckets? now) => before is null ? null : now?.Since(before);

    private static int? Whole(double? value) => value is { } number ? (int)Math.Min(int.MaxValue, Math.Round(number)) : null;

    private sealed record Step(DateTimeOffset At, double Seconds, double? PromptTokens, double? GenerationTokens, Buckets? FirstToken, Buckets? InterToken);
}
