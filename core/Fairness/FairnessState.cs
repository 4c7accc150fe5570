using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Fairness;

/// <summary>What the fairness tick of one pool needs: the pool as its stream tells it, what each entitlement asked for and got since the last tick, and what was last published.</summary>
public sealed class FairnessState(PoolId pool)
{
    private readonly Dictionary<EntitlementId, TickCount> _counts = [];

    public PoolState Pool { get; } = new(pool);

    /// <summary>Ledger position up to which events were taken in.</summary>
    public long Position { get; private set; }

    /// <summary>When the last tick ended; null before the first.</summary>
    public DateTimeOffset? TickedAt { get; private set; }
    internal Dictionary<EntitlementId, FairnessShare> Shares { get; } = [];
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
            Resume(adjusted, recorded.Timestamp);
            return;
        }
        PoolEvolution.Evolve(Pool, recorded.Data, recorded.Timestamp);
        switch (recorded.Data)
        {
            case EntitlementGranted e: Forget(e.Entitlement); break;
            case RequestAdmitted e: Count(e.Entitlement).Add(e.Reserved.Tokens, e.Reserved.Tokens); break;
            case RequestDenied e: Count(e.Entitlement).Add(e.Tokens, 0); break;
            case RequestsDenied e:
                foreach (var denied in e.Counts) Count(denied.Entitlement).Add(denied.Tokens, 0);
                break;
        }
    }

    internal TickCount Count(EntitlementId id) => _counts.TryGetValue(id, out var count) ? count : _counts[id] = new();

    internal void StartTick(DateTimeOffset at)
    {
        TickedAt = at;
        _counts.Clear();
    }

    /// <summary>A name that is granted again after a revocation starts without the debt and the demand of its former holder.</summary>
    private void Forget(EntitlementId id)
    {
        Shares.Remove(id);
        Published.Remove(id);
        _counts.Remove(id);
    }

    /// <summary>A tick that another instance published, or this one before a restart: the next goes on from it. Its own last tick coming back says nothing new.</summary>
    private void Resume(LimitsAdjusted adjusted, DateTimeOffset at)
    {
        if (at <= TickedAt) return;
        foreach (var share in adjusted.Entitlements) Shares[share.Entitlement] = Published[share.Entitlement] = share;
        StartTick(at);
    }

    /// <summary>Before the first tick: goes on from the fairness that the pool last applied, for the ticks that led to it may not have been read.</summary>
    internal void Begin(DateTimeOffset at)
    {
        foreach (var e in Pool.Entitlements.Values.Where(e => e.IsServed && !Shares.ContainsKey(e.Id)))
            Shares[e.Id] = Published[e.Id] = new(e.Id, DemandTokens: 0, ReceivedTokens: 0, e.Debt, e.Burst, e.Weight, e.Limits);
        StartTick(at);
    }

    internal sealed class TickCount
    {
        public long Demand { get; private set; }
        public long Received { get; private set; }

        public void Add(long demand, long received) => (Demand, Received) = (Demand + demand, Received + received);
    }
}
