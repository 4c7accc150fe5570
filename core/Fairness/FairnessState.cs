using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Fairness;

/// <summary>What the fairness tick of one pool needs: the pool as its stream tells it, who was served and who waits, and what was last published.</summary>
public sealed class FairnessState
{
    /// <summary>Requests that are remembered one by one while they wait or after they were refused; further ones are only counted.</summary>
    public const int MostWaiting = 10_000;

    /// <summary>The time of the last tick is only that of limits which the pool applied: ticks since may have published nothing.</summary>
    private bool _resumed;

    public FairnessState(PoolId pool)
    {
        Pool = new(pool);
        Accounting = new(Pool);
    }

    public PoolState Pool { get; }

    /// <summary>Ledger position up to which events were taken in.</summary>
    public long Position { get; private set; }

    /// <summary>When the last tick ended; null before the first.</summary>
    public DateTimeOffset? TickedAt { get; private set; }

    /// <summary>When a tick was last published, by this or another instance.</summary>
    internal DateTimeOffset PublishedAt { get; private set; }
    internal Accounting Accounting { get; }
    internal Dictionary<EntitlementId, FairnessShare> Shares { get; } = [];

    /// <summary>What the ledger says of an entitlement and the pool has not applied yet, as far as is known here. Without an entry the pool itself tells.</summary>
    internal Dictionary<EntitlementId, FairnessShare> Published { get; } = [];

    /// <summary>The last state of every entitlement that a tick has seen.</summary>
    public IReadOnlyCollection<FairnessShare> Latest => Shares.Values;

    /// <summary>Takes in an event of the pool's stream or of its fairness stream, in position order.</summary>
    public void Evolve(RecordedEvent recorded)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        if (recorded.Position <= Position) return;
        Position = recorded.Position;
        if (recorded.Data is LimitsAdjusted adjusted)
        {
            Follow(adjusted, recorded.Timestamp);
            return;
        }
        Accounting.Take(recorded.Data, recorded.Timestamp);
        var limits = Pool.LimitsPosition;
        PoolEvolution.Evolve(Pool, recorded.Data, recorded.Timestamp);
        switch (recorded.Data)
        {
            case EntitlementGranted e: Forget(e.Entitlement, recorded.Timestamp); break;
            // The pool set limits of its own for what changed, so what was published holds no more.
            case PoolReconfigured or EntitlementAmended or EntitlementRevoked or EntitlementStateChanged or LimitsApplied { Limits: [] }: Published.Clear(); break;
        }
        if (recorded.Data is BooksCarriedForward || Pool.LimitsPosition != limits) Resume(recorded.Timestamp);
    }

    /// <summary>What this instance decided was not recorded, for another one was sooner: so it was not published.</summary>
    public void Lost(LimitsAdjusted adjusted)
    {
        ArgumentNullException.ThrowIfNull(adjusted);
        foreach (var share in adjusted.Entitlements) Published.Remove(share.Entitlement);
    }

    internal void EndTick(DateTimeOffset at) => (TickedAt, _resumed) = (at, false);

    internal void Publish(IEnumerable<FairnessShare> shares, DateTimeOffset at)
    {
        foreach (var share in shares) Published[share.Entitlement] = share;
        PublishedAt = at;
    }

    /// <summary>A name that is granted again after a revocation starts without the debt and the demand of its former holder.</summary>
    private void Forget(EntitlementId id, DateTimeOffset at)
    {
        Shares.Remove(id);
        Published.Clear();
        Accounting.Forget(id, at);
    }

    /// <summary>
    /// A tick that another instance published, or this one before a restart, is made here as well, so that what it did not publish moves on too; what it published holds.
    /// Its own last tick coming back says nothing new.
    /// </summary>
    private void Follow(LimitsAdjusted adjusted, DateTimeOffset at)
    {
        if (!(at <= TickedAt))
        {
            FairnessDecisions.Advance(this, at);
            foreach (var share in adjusted.Entitlements) Shares[share.Entitlement] = share;
        }
        Publish(adjusted.Entitlements, at);
    }

    /// <summary>While no tick is known, limits that the pool applied and its books tell when the last one was, within the time that it took to apply it.</summary>
    private void Resume(DateTimeOffset at)
    {
        if (TickedAt is not null && !_resumed) return;
        Begin(at);
        _resumed = true;
    }

    /// <summary>Starts the clock: from the fairness that the pool last applied, for the ticks that led to it may not have been read.</summary>
    internal void Begin(DateTimeOffset at)
    {
        foreach (var e in Pool.Entitlements.Values.Where(e => e.IsServed))
            Shares[e.Id] = new(e.Id, DemandTokens: 0, ReceivedTokens: 0, e.Debt, e.Burst, e.Weight, e.Limits, e.OwedTokens);
        Accounting.Start(at);
        PublishedAt = at;
        EndTick(at);
    }
}
