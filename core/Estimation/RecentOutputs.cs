namespace TokenLedger.Core.Estimation;

/// <summary>The last so many outputs, in the order they came and by size. Amounts are millitokens, so that what lies between two outputs is exact enough without a fraction.</summary>
public sealed class RecentOutputs(int most)
{
    /// <summary>A level of 1.</summary>
    public const long Whole = 1_000_000;

    public const long Milli = 1_000;
    private readonly int[] _ring = new int[most];
    private readonly int[] _sorted = new int[most];
    private int _next;

    public int Count { get; private set; }

    public bool IsFull => Count == most;

    /// <summary>The oldest first.</summary>
    public IEnumerable<int> InOrder => Enumerable.Range(0, Count).Select(i => _ring[(_next - Count + i + most) % most]);

    /// <summary>Takes in one more; the oldest goes when there is no place.</summary>
    public void Add(int output)
    {
        var before = _sorted.AsSpan(0, Count);
        var place = PlaceOf(before, output);
        var gap = Count;
        if (Count == most) gap = PlaceOf(before, _ring[_next]);
        else Count++;
        _ring[_next] = output;
        _next = _next + 1 == most ? 0 : _next + 1;
        // What lies between the place that is left and the one that is taken moves over by one.
        if (place > gap) _sorted.AsSpan(gap + 1, --place - gap).CopyTo(_sorted.AsSpan(gap));
        else _sorted.AsSpan(place, gap - place).CopyTo(_sorted.AsSpan(place + 1));
        _sorted[place] = output;
    }

    /// <summary>How many are smaller.</summary>
    private static int PlaceOf(ReadOnlySpan<int> sorted, int output)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (sorted[middle] < output) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>
    /// The output that the next one does not exceed with a probability of <paramref name="level"/> millionths: the one of rank level · (n + 1), between two of them in proportion.
    /// Beyond the largest half of it is added for each rank that is missing.
    /// </summary>
    public long Quantile(long level)
    {
        var at = level * (Count + 1) - Whole;
        if (at <= 0) return _sorted[0] * Milli;
        var rank = (int)(at / Whole);
        if (rank >= Count - 1) return _sorted[Count - 1] * Milli + _sorted[Count - 1] * (at - (Count - 1) * Whole) / (2 * Milli);
        return _sorted[rank] * Milli + (_sorted[rank + 1] - _sorted[rank]) * (at % Whole) / Milli;
    }
}
