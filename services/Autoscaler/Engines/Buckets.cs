namespace TokenLedger.Autoscaler.Engines;

/// <summary>A histogram as Prometheus writes it: how many observations were at most each bound. The last bound is +∞.</summary>
internal sealed record Buckets(double[] Bounds, double[] Counts)
{
    private double Total => Counts[^1];

    /// <summary>What came since an earlier state. An engine that began anew counts from zero; other bounds are another histogram.</summary>
    public Buckets Since(Buckets? before) =>
        before is null || !Bounds.SequenceEqual(before.Bounds) || Counts.Zip(before.Counts).Any(pair => pair.First < pair.Second) ? this
            : new(Bounds, [.. Counts.Zip(before.Counts, (now, then) => now - then)]);

    public Buckets Plus(Buckets? other) => other is null || !Bounds.SequenceEqual(other.Bounds) ? this : new(Bounds, [.. Counts.Zip(other.Counts, (a, b) => a + b)]);

    /// <summary>The value that a part of the observations does not exceed, taken to be spread evenly within a bucket; of the last bucket it is the bound below. Null when there are none.</summary>
    public double? Quantile(double part)
    {
        if (!(Total > 0)) return null;
        var rank = part * Total;
        var index = Array.FindIndex(Counts, count => count >= rank);
        if (index < 0 || double.IsPositiveInfinity(Bounds[index])) return Bounds.Length > 1 ? Bounds[^2] : null;
        var (from, below) = index == 0 ? (Math.Min(0, Bounds[0]), 0) : (Bounds[index - 1], Counts[index - 1]);
        var inside = Counts[index] - below;
        return inside > 0 ? from + (Bounds[index] - from) * (rank - below) / inside : Bounds[index];
    }

    /// <summary>Several series of one histogram, such as of several models of one engine, bound by bound. Null when there is no last bucket to say how many there are.</summary>
    public static Buckets? Of(IReadOnlyDictionary<double, double> counts)
    {
        if (!counts.ContainsKey(double.PositiveInfinity)) return null;
        double[] bounds = [.. counts.Keys.Order()];
        var sums = new double[bounds.Length];
        // Counts are cumulative; one that falls is a mistake of whoever wrote it.
        for (var i = 0; i < bounds.Length; i++) sums[i] = Math.Max(counts[bounds[i]], i == 0 ? 0 : sums[i - 1]);
        return new(bounds, sums);
    }
}
