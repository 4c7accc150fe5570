using TokenLedger.Contracts;

namespace TokenLedger.Core.Fairness;

/// <summary>One dimension of a division, in its own units.</summary>
internal sealed class Dimension
{
    private readonly Claim[] _claims;

    /// <summary>What a floor keeps for its owner: a dedicated baseline whole, a guaranteed one less what is lent of its idle part.</summary>
    private readonly long[] _reserved;

    /// <summary>What nobody reserves, not even when all floors are in use up to what is never lent.</summary>
    private readonly long _open;

    public Dimension(Claim[] claims, decimal lending, long capacity, Func<Capacity, long> of)
    {
        (_claims, Capacity) = (claims, capacity);
        (Baseline, _reserved, Wanted, Room) = (new long[claims.Length], new long[claims.Length], new long[claims.Length], new double[claims.Length]);
        var (open, reserved, wanted) = ((Int128)capacity, (Int128)0, (Int128)0);
        for (var i = 0; i < claims.Length; i++)
        {
            var (claim, baseline, demand) = (claims[i], of(claims[i].Baseline), of(claims[i].Demand));
            if (!claim.MayBurst) demand = Math.Min(demand, baseline);
            if (claim.HasFloor)
            {
                _reserved[i] = baseline - Lent(claim, lending, Math.Max(0, baseline - demand));
                open -= baseline - Lent(claim, lending, baseline);
            }
            (Baseline[i], Wanted[i]) = (baseline, Math.Max(_reserved[i], demand));
            (reserved, wanted) = (reserved + _reserved[i], wanted + Wanted[i]);
        }
        _open = (long)Int128.Max(0, open);
        // Floors beyond the capacity last only until the pool degrades one of them: nothing is divided for that.
        IsContended = wanted >= capacity && reserved <= capacity;
        Shares = Array.ConvertAll(_reserved, floor => (double)floor);
        Left = (double)(capacity - reserved);
    }

    public long Capacity { get; }

    /// <summary>Demand is at least the capacity.</summary>
    public bool IsContended { get; }

    public long[] Baseline { get; }

    /// <summary>What each could use, or has reserved.</summary>
    public long[] Wanted { get; }

    /// <summary>What each has so far: its floor to begin with.</summary>
    public double[] Shares { get; }

    /// <summary>How much further each may rise in the step that is under way.</summary>
    public double[] Room { get; }

    /// <summary>What nobody has so far.</summary>
    public double Left { get; private set; }

    public void Give(int claim, double amount)
    {
        Shares[claim] += amount;
        Left -= amount;
    }

    public (long[] Shares, long[] Limits) Result()
    {
        var shares = IsContended ? WaterFilling.Round(Shares, _reserved, Wanted, Capacity) : Wanted;
        var limits = new long[shares.Length];
        for (var i = 0; i < limits.Length; i++)
        {
            var (claim, ceiling) = (_claims[i], IsContended ? shares[i] : _open + (_claims[i].HasFloor ? Baseline[i] : 0));
            limits[i] = claim.MayBurst ? ceiling : claim.HasFloor ? Baseline[i] : Math.Min(Baseline[i], ceiling);
        }
        return (shares, limits);
    }

    private static long Lent(Claim claim, decimal lending, long idle) => claim.ServiceClass == ServiceClass.Guaranteed ? (long)(lending * idle) : 0;
}
