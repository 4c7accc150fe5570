namespace TokenLedger.Benchmarks.Gateways;

/// <summary>The resident memory of a gateway's process through very many requests. Its first tenth warms it up; afterwards it must not grow.</summary>
internal sealed class MemoryWatch(Contender contender, string body, int connections, long requests)
{
    private const int Samples = 20;
    private const double WarmUp = 0.1;

    /// <returns>Requests that were not answered well.</returns>
    public async Task<long> RunAsync(CancellationToken ct)
    {
        var name = $"gateway/{contender.Prefix}memory";
        List<(long Done, double Megabytes)> samples = [];
        var (done, failed, perSecond) = (0L, 0L, 1_000.0);
        while (done < requests)
        {
            var seen = await contender.LoadAsync(body, connections, Math.Max(1, (int)(requests / Samples / perSecond)), ct);
            (done, failed, perSecond) = (done + seen.Requests, failed + seen.Refused + seen.Broken, Math.Max(1, seen.PerSecond));
            samples.Add((done, contender.Instance.ResidentBytes / 1e6));
            Results.Sample(name, done, samples[^1].Megabytes, "MB");
        }
        var warm = samples.First(sample => sample.Done >= WarmUp * requests);
        Results.Row(name, samples.Where(sample => sample.Done >= warm.Done).Max(sample => sample.Megabytes), "MB", warm.Megabytes, "after the first tenth");
        return failed;
    }
}
