using TokenLedger.Contracts;

namespace TokenLedger.Core.Fairness;

/// <summary>One dimension of a division, in units of that dimension.</summary>
internal sealed class Dimension
{
    private readonly Claim[] _claims;
    private readonly double[] _factors;
    private readonly long _capacity;
    private readonly long[] _baseline;

    /// <summary>What a floor keeps for its owner: a dedicated baseline whole, a guaranteed one less what is lent of its idle part.</summary>
    private readonly long[] _reserved;

    /// <summary>What each could use, or has reserved.</summary>
    private readonly long[] _wanted;

    /// <summary>What nobody reserves, not even when all floors are in use up to what is never lent.</summary>
    private readonly long _open;
    private readonly double[] _shares;
    private readonly double[] _rooms;
    private readonly double[] _weights;

    public Dimension(Claim[] claims, double[] factors, double lending, long capacity, Func<Capacity, long> of)
    {
        (_claims, _factors, _capacity) = (claims, factors, capacity);
        (_baseline, _reserved, _wanted) = (new long[claims.Length], new long[claims.Length], new long[claims.Length]);
        (_shares, _rooms, _weights) = (new double[claims.Length], new double[claims.Length], new double[claims.Length]);
        var (open, wanted) = ((Int128)capacity, (Int128)0);
        for (var i = 0; i < claims.Length; i++)
        {
            var (claim, baseline, demand) = (claims[i], of(claims[i].Baseline), of(claims[i].Demand));
            if (!claim.MayBurst) demand = Math.Min(demand, baseline);
            _baseline[i] = baseline;
            _reserved[i] = claim.HasFloor ? baseline - Lent(claim, lending, Math.Max(0, baseline - demand)) : 0;
            _wanted[i] = Math.Max(_reserved[i], demand);
            if (claim.HasFloor) open -= baseline - Lent(claim, lending, baseline);
            wanted += _wanted[i];
        }
        _open = (long)Int128.Max(0, open);
        // Floors beyond the capacity last only until the pool degrades one of them: nothing is divided for that.
        IsContended = wanted >= capacity && _reserved.Aggregate((Int128)0, (sum, floor) => sum + floor) <= capacity;
    }

    /// <summary>Demand is at least the capacity.</summary>
    public bool IsContended { get; }

    /// <summary>Divides the capacity among those who can use it, and then what nobody can use for want of another dimension.</summary>
    /// <param name="others">Dimensions that may keep an entitlement from using its share of this one.</param>
    public void Fill(Dimension[] others)
    {
        var left = (double)_capacity;
        var usable = new double[_claims.Length];
        for (var i = 0; i < usable.Length; i++)
        {
            var part = 1.0;
            foreach (var other in others) part = Math.Min(part, other._shares[i] / Math.Max(1, other._wanted[i]));
            usable[i] = Math.Max(_reserved[i], _wanted[i] * part);
            _shares[i] = _reserved[i];
            left -= _reserved[i];
        }
        left -= Pour(left, usable, i => Math.Min(_baseline[i], usable[i]), i => HasBaseline(_claims[i]) ? _baseline[i] * _claims[i].Weight * _factors[i] : 0);
        left -= Pour(left, usable, i => usable[i], i => _claims[i].ServiceClass == ServiceClass.Elastic ? _claims[i].OwedTokens : 0);
        left -= Pour(left, usable, i => usable[i], i => _claims[i].MayBurst ? _claims[i].Weight : 0);
        if (others.Length > 0) Pour(left, usable, i => _wanted[i], i => _claims[i].MayBurst ? _claims[i].Weight : 0);
    }

    public (long[] Shares, long[] Limits) Result()
    {
        var shares = IsContended ? WaterFilling.Round(_shares, _reserved, _wanted, _capacity) : _wanted;
        var limits = new long[shares.Length];
        for (var i = 0; i < limits.Length; i++)
        {
            var (claim, ceiling) = (_claims[i], IsContended ? shares[i] : _open + (_claims[i].HasFloor ? _baseline[i] : 0));
            limits[i] = claim.MayBurst ? ceiling : claim.HasFloor ? _baseline[i] : Math.Min(_baseline[i], ceiling);
        }
        return (shares, limits);
    }

    /// <summary>A baseline that is measured, not reserved: an elastic one, or one that the capacity does not hold today.</summary>
    private static bool HasBaseline(Claim claim) => claim.ServiceClass switch
    {
        ServiceClass.Elastic => true,
        ServiceClass.Dedicated or ServiceClass.Guaranteed => !claim.HasFloor,
        _ => false,
    };

    private static long Lent(Claim claim, double lending, long idle) => claim.ServiceClass == ServiceClass.Guaranteed ? Math.Min(idle, (long)(lending * idle)) : 0;

    private double Pour(double amount, double[] usable, Func<int, double> most, Func<int, double> weight)
    {
        if (amount <= 0) return 0;
        for (var i = 0; i < usable.Length; i++) (_rooms[i], _weights[i]) = (most(i) - _shares[i], weight(i));
        return WaterFilling.Pour(amount, _weights, _rooms, _shares);
    }
}
