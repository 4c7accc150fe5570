using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>The books of a pool or an entitlement (domain.md §4): reserved = settled + returned + expired + evicted + outstanding, in every dimension, after every event.</summary>
public sealed class Account
{
    public Totals Reserved { get; private set; }
    public Totals Settled { get; private set; }
    public Totals Returned { get; private set; }
    public Totals Expired { get; private set; }
    public Totals Evicted { get; private set; }

    /// <summary>What open reservations hold now.</summary>
    public Resources Outstanding { get; private set; }

    internal void Reserve(Resources amount)
    {
        Reserved += amount;
        Post(amount, Outstanding + amount);
    }

    internal void Settle(Resources amount)
    {
        Settled += amount;
        Post(amount, Outstanding - amount);
    }

    internal void Return(Resources amount)
    {
        Returned += amount;
        Post(amount, Outstanding - amount);
    }

    internal void Expire(Resources amount)
    {
        Expired += amount;
        Post(amount, Outstanding - amount);
    }

    internal void Evict(Resources amount)
    {
        Evicted += amount;
        Post(amount, Outstanding - amount);
    }

    internal CarriedAccount Carry() => new(Reserved, Settled, Returned, Expired, Evicted, Outstanding);

    internal void Open(CarriedAccount carried)
    {
        (Reserved, Settled, Returned, Expired, Evicted) = (carried.Reserved, carried.Settled, carried.Returned, carried.Expired, carried.Evicted);
        Post(default, carried.Outstanding);
    }

    private void Post(Resources amount, Resources outstanding)
    {
        Outstanding = outstanding;
        if (amount.HasNegative || outstanding.HasNegative || Reserved != Settled + Returned + Expired + Evicted + Outstanding)
            throw new ConservationException($"After {amount}, reserved {Reserved} is not settled {Settled} + returned {Returned} + expired {Expired} + evicted {Evicted} + outstanding {Outstanding}.");
    }
}

/// <summary>The books do not balance: the event must not have been recorded, and nothing may be built on it.</summary>
public sealed class ConservationException(string message) : Exception(message);
