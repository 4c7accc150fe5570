namespace TokenLedger.Cli.Simulation;

/// <summary>Order statistics of samples.</summary>
internal static class Statistics
{
    /// <summary>The smallest value that at least this share of the values does not exceed (nearest rank); not a number when there are none.</summary>
    public static double Percentile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Count) - 1, 0, sorted.Count - 1)];
    }

    /// <summary>Median, and the interval that holds the median of the distribution with a probability of 95 %, from the binomial distribution of ranks; with fewer than six values all of them.</summary>
    public static Spread MedianOf(IEnumerable<double> values)
    {
        var sorted = values.Where(double.IsFinite).Order().ToList();
        if (sorted.Count == 0) return new(double.NaN, double.NaN, double.NaN);
        var middle = (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
        var rank = LowRank(sorted.Count);
        return new(middle, sorted[rank], sorted[^(rank + 1)]);
    }

    /// <summary>The largest rank from 0 below which the median lies with a probability of at most 2.5 %.</summary>
    private static int LowRank(int count)
    {
        var (rank, term, sum) = (0, Math.Pow(0.5, count), 0.0);
        while ((sum += term) <= 0.025)
        {
            term = term * (count - rank) / (rank + 1);
            rank++;
        }
        return Math.Max(0, rank - 1);
    }
}

/// <summary>A median with its interval.</summary>
internal readonly record struct Spread(double Median, double Low, double High);
