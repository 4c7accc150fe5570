using TokenLedger.Contracts;

namespace TokenLedger.Core.Replay;

internal enum LifeEnd { Open, Settled, Released, Expired, Evicted }

/// <summary>How long an admitted request held its reservation, how it ended and what it used.</summary>
internal sealed record RecordedLife(EntitlementId Entitlement, DateTimeOffset AdmittedAt, long ExpectedOutput, LifeEnd End, TimeSpan Duration, long InputTokens, long OutputTokens);

/// <summary>How an entitlement's requests were on average: how long they lasted, and which part of the expected output they produced.</summary>
public sealed record TypicalLife(TimeSpan Duration, double OutputShare, long Requests);

/// <summary>The lives of the requests that a window of the record admitted.</summary>
public sealed class RecordedLives
{
    private readonly Dictionary<RequestId, RecordedLife> _lives = [];
    private readonly SortedDictionary<string, TypicalLife> _typical = new(StringComparer.Ordinal);
    private readonly TypicalLife? _anywhere;

    /// <summary>The means that refused requests are given, by entitlement; where none of an entitlement was settled, the pool's.</summary>
    public IReadOnlyDictionary<string, TypicalLife> Means => _typical;

    public RecordedLives(IEnumerable<ReplayedDecision> decisions)
    {
        ArgumentNullException.ThrowIfNull(decisions);
        foreach (var decision in decisions)
            foreach (var data in decision.Events) Take(data, decision.At);
        var settled = _lives.Values.Where(life => life.End == LifeEnd.Settled).ToList();
        foreach (var group in settled.GroupBy(life => life.Entitlement)) _typical[group.Key.Value] = Mean([.. group]);
        _anywhere = settled.Count == 0 ? null : Mean(settled);
    }

    internal RecordedLife? Of(RequestId request) => _lives.GetValueOrDefault(request);

    /// <summary>Null when nothing was settled in the whole window.</summary>
    internal TypicalLife? Typical(EntitlementId entitlement) => _typical.GetValueOrDefault(entitlement.Value) ?? _anywhere;

    private void Take(ILedgerEvent data, DateTimeOffset at)
    {
        switch (data)
        {
            case RequestAdmitted e: _lives[e.Request] = new(e.Entitlement, at, e.ExpectedOutputTokens, LifeEnd.Open, default, e.InputTokens, 0); break;
            case ReservationSettled e: End(e.Request, at, LifeEnd.Settled, e.InputTokens, e.OutputTokens); break;
            case ReservationReleased e: End(e.Request, at, LifeEnd.Released); break;
            case ReservationExpired e: End(e.Request, at, LifeEnd.Expired); break;
            case ReservationEvicted e: End(e.Request, at, LifeEnd.Evicted); break;
        }
    }

    private void End(RequestId request, DateTimeOffset at, LifeEnd end, long? input = null, long output = 0)
    {
        // One that was admitted before the window is open in both worlds, and its end is taken from the record.
        if (_lives.TryGetValue(request, out var life))
            _lives[request] = life with { End = end, Duration = at - life.AdmittedAt, InputTokens = input ?? life.InputTokens, OutputTokens = output };
    }

    private static TypicalLife Mean(IReadOnlyList<RecordedLife> lives)
    {
        var expected = lives.Sum(life => life.ExpectedOutput);
        var ticks = lives.Aggregate((Int128)0, (sum, life) => sum + life.Duration.Ticks) / lives.Count;
        return new(TimeSpan.FromTicks((long)ticks), expected == 0 ? 0 : (double)lives.Sum(life => life.OutputTokens) / expected, lives.Count);
    }
}
