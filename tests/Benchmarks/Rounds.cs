using System.Diagnostics;

namespace TokenLedger.Benchmarks;

/// <summary>Measures contenders in turns, so that whatever else the machine does falls on all of them alike.</summary>
internal static class Rounds
{
    private const int Fewest = 3;
    private const int Most = 1_000;

    /// <param name="contenders">Each does one round and returns its rate.</param>
    /// <returns>The rates of each, round by round. The first round, which finds everything cold, does not count.</returns>
    public static async Task<List<double>[]> RunAsync(TimeSpan duration, params Func<Task<double>>[] contenders)
    {
        var rates = contenders.Select(_ => new List<double>()).ToArray();
        foreach (var contender in contenders) await contender();
        var started = Stopwatch.GetTimestamp();
        while (rates[0].Count < Most && (rates[0].Count < Fewest || Stopwatch.GetElapsedTime(started) < duration))
            for (var i = 0; i < contenders.Length; i++) rates[i].Add(await contenders[i]());
        return rates;
    }

    /// <summary>The round that has the median of the ratios: two numbers that were measured side by side, where two medians may come from different times.</summary>
    public static (double Value, double Baseline) Typical(List<double> values, List<double> baselines) =>
        values.Zip(baselines).OrderBy(round => round.First / round.Second).ElementAt(values.Count / 2);

    /// <summary>How often per second something happened that was done so many times.</summary>
    public static async Task<double> RateAsync(long count, Func<Task> work)
    {
        var started = Stopwatch.GetTimestamp();
        await work();
        return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    public static double Median(IEnumerable<double> values) => Percentile(values, 0.5);

    /// <summary>The value that a share of all values do not exceed, by nearest rank.</summary>
    public static double Percentile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToList();
        return sorted[Math.Max(0, (int)Math.Ceiling(sorted.Count * share) - 1)];
    }
}
