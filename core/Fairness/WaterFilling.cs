namespace TokenLedger.Core.Fairness;

/// <summary>Weighted max-min division of one amount (docs/domain.md §6): everyone's share rises with its weight until it is full, and what it leaves rises for the others.</summary>
public static class WaterFilling
{
    /// <summary>The level is found in a few rounds, each of which fills somebody; no division needs as many as this.</summary>
    private const int MostRounds = 200;

    private const int IndexBits = 24;

    /// <summary>The level at which min(room, room · speed · level), summed over all, is the amount.</summary>
    /// <param name="speeds">Part of its room that each fills per unit of the level; nobody rises without speed or room.</param>
    /// <returns>Infinity when the amount fills every room.</returns>
    public static double Level(double amount, ReadOnlySpan<double> speeds, ReadOnlySpan<double> rooms)
    {
        var level = 0.0;
        for (var round = 0; round < MostRounds; round++)
        {
            // Whoever is full at the level so far stays full above it, so the level rises and never beyond the right one.
            var (full, rising) = (0.0, 0.0);
            for (var i = 0; i < speeds.Length; i++)
                if (speeds[i] * level >= 1) full += rooms[i];
                else rising += rooms[i] * speeds[i];
            if (rising <= 0) return full <= amount ? double.PositiveInfinity : level;
            var next = (amount - full) / rising;
            if (!(next > level)) break;
            level = next;
        }
        return level;
    }

    /// <summary>Whole shares that sum to <paramref name="total"/>, within least and most: rounded down, and the rest to the largest remainders, the first of equal ones first.</summary>
    /// <param name="total">Not more than the sum of <paramref name="most"/>, and not less than that of <paramref name="least"/>.</param>
    public static long[] Round(ReadOnlySpan<double> shares, ReadOnlySpan<long> least, ReadOnlySpan<long> most, long total)
    {
        var whole = new long[shares.Length];
        var order = new long[shares.Length];
        Int128 rest = total;
        for (var i = 0; i < whole.Length; i++)
        {
            var down = Math.Floor(shares[i]);
            whole[i] = Math.Clamp(down >= long.MaxValue ? long.MaxValue : (long)down, least[i], most[i]);
            order[i] = ((long)((1 - Math.Clamp(shares[i] - down, 0, 1)) * (1L << 38)) << IndexBits) | (uint)i;
            rest -= whole[i];
        }
        if (rest != 0) Array.Sort(order);
        // A pass gives one to each; only amounts beyond the digits of a double have more rest than that, either way.
        while (rest != 0)
            foreach (var key in order)
            {
                if (rest == 0) break;
                var i = (int)(key & ((1L << IndexBits) - 1));
                var change = rest > 0
                    ? Int128.Min(most[i] - whole[i], rest > order.Length ? rest : 1)
                    : -Int128.Min(whole[i] - least[i], -rest);
                whole[i] += (long)change;
                rest -= change;
            }
        return whole;
    }
}
