using TokenLedger.Contracts;

namespace TokenLedger.Core.Estimation;

/// <summary>
/// What is known of the outputs of one scope: a tenant's workload, a workload of all tenants, or the whole pool. The last outputs of all its requests, and those of each class of input length; what
/// is still few shrinks towards the same of the parent. Whether the whole or the class of length tells more is judged by how each would have done so far.
/// </summary>
internal sealed class OutputScope(OutputScope? parent, DriftEstimate drift)
{
    /// <summary>Outputs of a scope, and of one class of length, that are remembered.</summary>
    public const int MostOfAll = 192;
    public const int MostOfBin = 32;

    /// <summary>A longer answer counts as one of this length, so that no sum of errors overflows.</summary>
    private const int LargestOutput = 1_000_000_000;

    /// <summary>So many outputs stand by themselves; n of them count n/12, the parent the rest.</summary>
    private const int Enough = 12;

    /// <summary>Of a scope that stands by itself the parent takes in every eighth output: enough to follow it, without drowning its smaller siblings.</summary>
    private const int PerParent = 8;

    private readonly RecentOutputs?[] _bins = new RecentOutputs?[InputBins.Count];
    private readonly RecentOutputs _all = new(MostOfAll);
    private readonly Scores _scores = new();

    public OutputScope? Parent => parent;
    public long Count { get; private set; }
    public long Sum { get; private set; }

    /// <summary>An average that gives the newest a tenth, in millitokens.</summary>
    public long Average { get; private set; }

    /// <summary>When it last learned, counted in outputs of the pool.</summary>
    public long LearnedAt { get; set; }
    public CoverageLevel Level;

    public int Bins { get; private set; }

    /// <summary>What to reserve, in millitokens; only where something has been learned.</summary>
    public long Upper(int bin, long level) => Judge.BinReserves ? OfBin(bin, level) : OfAll(level);

    /// <summary>What to expect, in millitokens; only where something has been learned.</summary>
    public long Typical(int bin, long inputTokens)
    {
        Span<long> candidates = stackalloc long[Scores.Candidates];
        Expect(bin, inputTokens, candidates);
        return candidates[Judge.Best];
    }

    /// <summary>Takes in an output, after judging what would have been said of it.</summary>
    /// <param name="mayGrow">There is still place for one more class of length.</param>
    /// <returns>True when the parent is to take it in as well.</returns>
    public bool Learn(int bin, long inputTokens, long outputTokens, long quantile, bool mayGrow)
    {
        var output = (int)Math.Min(outputTokens, LargestOutput);
        if (Count > 0)
        {
            Span<long> candidates = stackalloc long[Scores.Candidates];
            Expect(bin, inputTokens, candidates);
            var level = Level.For(quantile);
            _scores.Judge(candidates, OfAll(level), OfBin(bin, level), output * RecentOutputs.Milli, quantile);
        }
        var asks = Count % PerParent == 0 || _bins[bin] is not { Count: >= Enough };
        _all.Add(output);
        if (mayGrow || _bins[bin] is not null) Bin(bin).Add(output);
        Average = Count == 0 ? output * RecentOutputs.Milli : Average + (output * RecentOutputs.Milli - Average) / 10;
        (Count, Sum) = (Count + 1, Sum + output);
        drift.Learn(output);
        return asks;
    }

    public CarriedOutputs Carry(TenantId? tenant, string? workload) => new(
        tenant, workload, Count, Sum, Average, LearnedAt, Level.Lean, drift.Bias, [.. _scores.Errors], _scores.WholeLoss, _scores.BinLoss, _scores.Best, [.. _all.InOrder],
        [.. _bins.Index().Where(bin => bin.Item is not null).Select(bin => new CarriedBin(bin.Index, [.. bin.Item!.InOrder]))]);

    public void Open(CarriedOutputs carried)
    {
        (Count, Sum, Average, LearnedAt, Level) = (carried.Count, carried.Sum, carried.Average, carried.LearnedAt, CoverageLevel.Open(carried.Lean));
        drift.Bias = carried.Bias;
        _scores.Open(carried);
        foreach (var output in carried.Outputs) _all.Add(output);
        foreach (var bin in carried.Bins)
            foreach (var output in bin.Outputs) Bin(bin.Bin).Add(output);
    }

    private RecentOutputs Bin(int bin)
    {
        if (_bins[bin] is { } known) return known;
        Bins++;
        return _bins[bin] = new(MostOfBin);
    }

    private Scores Judge => Count < Enough && parent is not null ? parent.Judge : _scores;

    private void Expect(int bin, long inputTokens, Span<long> candidates)
    {
        const long Median = RecentOutputs.Whole / 2;
        candidates[0] = Sum / Count * RecentOutputs.Milli + Sum % Count * RecentOutputs.Milli / Count;
        candidates[1] = OfBin(bin, Median);
        candidates[2] = OfAll(Median);
        candidates[3] = Average;
        candidates[4] = drift.Of(inputTokens) * RecentOutputs.Milli;
    }

    private long OfAll(long level) =>
        parent is null || _all.Count >= Enough ? _all.Quantile(level) : Shrink(_all, level, parent.OfAll(level));

    private long OfBin(int bin, long level) => _bins[bin] switch
    {
        { Count: >= Enough } own => own.Quantile(level),
        { } few => Shrink(few, level, parent is null ? OfAll(level) : parent.OfBin(bin, level)),
        null => parent is null ? OfAll(level) : parent.OfBin(bin, level),
    };

    private static long Shrink(RecentOutputs few, long level, long towards) => few.Count == 0 ? towards : towards + (few.Quantile(level) - towards) * few.Count / Enough;
}
