using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using TokenLedger.Core.Pools;

namespace TokenLedger.Core.Replay;

/// <summary>Measures one run over a window, event by event: counts, and use over time in at most <see cref="MostIntervals"/> intervals.</summary>
public sealed class RunMeter(DateTimeOffset start, DateTimeOffset end)
{
    public const int MostIntervals = 600;
    private readonly SortedDictionary<string, long> _reasons = new(StringComparer.Ordinal);
    private readonly Dictionary<EntitlementId, (long Admitted, long Refused, long Asked, long Received)> _entitlements = [];
    private readonly UseOverTime _use = new(start, Interval(end - start));
    private long _shadowDenied, _served, _tokens, _released, _expired, _evicted;

    /// <summary>What is in force when the window begins.</summary>
    public void Begin(PoolState pool, DateTimeOffset at) => _use.Set(pool, at);

    /// <summary>Takes an event after the pool took it.</summary>
    public void Take(ILedgerEvent data, PoolState pool, DateTimeOffset at)
    {
        switch (data)
        {
            case RequestAdmitted e:
                Count(e.Entitlement, admitted: 1, 0, e.Reserved.Tokens, e.Reserved.Tokens);
                if (e.ShadowDenial is not null) _shadowDenied++;
                break;
            case RequestDenied e: Refuse(e.Entitlement, e.Reason, e.Tokens); break;
            case ReservationSettled e:
                _served++;
                _tokens += e.InputTokens + e.OutputTokens;
                _use.Spend(e.InputTokens + e.OutputTokens, at);
                break;
            case ReservationReleased: _released++; break;
            case ReservationExpired: _expired++; break;
            case ReservationEvicted: _evicted++; break;
        }
        _use.Set(pool, at);
    }

    /// <summary>Counts a request that is turned away without an event.</summary>
    internal void TurnAway(Admit command, Rejection kind, PoolState pool) =>
        Refuse(command.Entitlement, kind == Rejection.BudgetExhausted ? DenialReason.BudgetExhausted : DenialReason.EntitlementNotBound, AdmissionDecisions.MostOf(pool, command).Tokens);

    public RunOutcome End(PoolState pool, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(pool);
        _use.Set(pool, at);
        var entitlements = pool.Entitlements.Values.OrderBy(e => e.Id.Value, StringComparer.Ordinal).Select(e =>
        {
            var count = _entitlements.GetValueOrDefault(e.Id);
            return new EntitlementOutcome(e.Id, e.Terms.ServiceClass, count.Admitted, count.Refused, count.Asked, count.Received, e.Debt);
        }).ToList();
        var (admitted, refused) = (_entitlements.Values.Sum(count => count.Admitted), _entitlements.Values.Sum(count => count.Refused));
        var jain = FairnessDecisions.JainIndex(entitlements.Where(e => e.AskedTokens > 0).Select(e => (double)e.ReceivedTokens / e.AskedTokens));
        return new(
            admitted + refused, admitted, refused, _reasons, _shadowDenied, _served, _tokens, _released, _expired, _evicted,
            _use.Tokens, _use.KvCacheBytes, _use.Sequences, jain, entitlements, _use.Interval, _use.Timeline);
    }

    private void Refuse(EntitlementId entitlement, DenialReason reason, long tokens)
    {
        var word = WordConverter<DenialReason>.Word(reason);
        _reasons[word] = _reasons.GetValueOrDefault(word) + 1;
        Count(entitlement, 0, refused: 1, tokens, 0);
    }

    private void Count(EntitlementId id, long admitted, long refused, long asked, long received)
    {
        var count = _entitlements.GetValueOrDefault(id);
        _entitlements[id] = (count.Admitted + admitted, count.Refused + refused, count.Asked + asked, count.Received + received);
    }

    /// <summary>Whole seconds, at least one.</summary>
    private static TimeSpan Interval(TimeSpan window) => TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(window.TotalSeconds / MostIntervals)));
}
