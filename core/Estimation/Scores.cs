using TokenLedger.Contracts;

namespace TokenLedger.Core.Estimation;

/// <summary>How well each way to estimate would have done: errors in microtokens, averaged so that the newest counts a 512th.</summary>
internal sealed class Scores
{
    /// <summary>Ways to tell what to expect: the mean of all, the median of the class of length, the median of the scope, a moving average, DriftSched's.</summary>
    public const int Candidates = 5;

    /// <summary>Another way is taken for the mean of all only when it is better by a hundredth, or chance alone would make it change.</summary>
    private const int Handicap = 101;
    private const int Memory = 9;

    /// <summary>Absolute errors of the ways to expect.</summary>
    public long[] Errors { get; } = new long[Candidates];

    /// <summary>Quantile (pinball) losses of reserving by the whole scope and by the class of length.</summary>
    public long WholeLoss { get; private set; }
    public long BinLoss { get; private set; }

    public bool BinReserves => BinLoss <= WholeLoss;

    /// <summary>The way that is taken.</summary>
    public int Best { get; private set; } = 1;

    public void Judge(ReadOnlySpan<long> candidates, long whole, long bin, long output, long quantile)
    {
        var (best, least) = (0, long.MaxValue);
        for (var i = 0; i < Candidates; i++)
        {
            Average(ref Errors[i], Math.Abs(candidates[i] - output));
            var weighed = Errors[i] * (i == 0 ? 100 : Handicap);
            if (weighed < least) (best, least) = (i, weighed);
        }
        Best = best;
        WholeLoss = Averaged(WholeLoss, Loss(whole, output, quantile));
        BinLoss = Averaged(BinLoss, Loss(bin, output, quantile));
    }

    public void Open(CarriedOutputs carried)
    {
        for (var i = 0; i < Candidates; i++) Errors[i] = carried.Errors[i];
        (WholeLoss, BinLoss, Best) = (carried.WholeLoss, carried.BinLoss, carried.Best);
    }

    /// <summary>An output beyond the quantile costs q for each token, one below it 1 − q.</summary>
    private static long Loss(long reserved, long output, long quantile) =>
        output > reserved ? (output - reserved) * quantile / RecentOutputs.Whole : (reserved - output) * (RecentOutputs.Whole - quantile) / RecentOutputs.Whole;

    private static void Average(ref long average, long error) => average = Averaged(average, error);

    private static long Averaged(long average, long error) => average + ((error * RecentOutputs.Milli - average) >> Memory);
}
