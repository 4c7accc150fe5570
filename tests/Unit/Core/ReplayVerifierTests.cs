using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>A history with an event of every kind is accepted; any change to it is found.</summary>
public sealed class ReplayVerifierTests
{
    [Fact]
    public void Accepts_what_was_decided_and_counts_what_it_cannot_check()
    {
        var history = History();
        var verifier = new ReplayVerifier(PoolScenario.Pool);
        Assert.All(history, recorded => Assert.Null(verifier.Take(recorded)));
        Assert.Null(verifier.Complete());
        Assert.Equal((history.Count, 7L), (verifier.Events, verifier.Unverified));
        Assert.InRange(verifier.Decisions, 20, history.Count - 1);
    }

    [Fact]
    public void The_history_has_an_event_of_every_kind_a_pool_writes() =>
        Assert.Equal(
            EventCatalogue.Kinds.Where(kind => kind.Stream == "pool-{pool}").Select(kind => kind.Type).ToHashSet(),
            History().Select(recorded => recorded.Data.GetType()).ToHashSet());

    public static TheoryData<string, Func<ILedgerEvent, ILedgerEvent?>> Tamperings => new()
    {
        { "another reason", e => e is RequestDenied d ? d with { Reason = DenialReason.KvExceeded } : null },
        { "another wait", e => e is RequestDenied d ? d with { RetryAfterMs = d.RetryAfterMs + 1 } : null },
        { "another weight", e => e is RequestAdmitted a ? a with { Weight = a.Weight + 1e-9 } : null },
        { "another reservation", e => e is RequestAdmitted a ? a with { Reserved = a.Reserved with { KvCacheBytes = 1 } } : null },
        { "another tenant", e => e is RequestAdmitted a ? a with { Tenant = new("rich") } : null },
        { "more input", e => e is RequestAdmitted a ? a with { InputTokens = a.InputTokens + 1 } : null },
        { "a longer lease", e => e is ReservationRenewed r ? r with { ExpiresAt = r.ExpiresAt.AddDays(1) } : null },
        { "a smaller bill", e => e is ReservationSettled s ? s with { OutputTokens = s.OutputTokens - 1 } : null },
        { "a larger return", e => e is ReservationReleased r ? r with { Returned = r.Returned + new Resources(1, 0, 0) } : null },
        { "less expired", e => e is ReservationExpired x ? x with { Expired = default } : null },
        { "another victim's amount", e => e is ReservationEvicted v ? v with { Evicted = default } : null },
        { "another beneficiary", e => e is ReservationEvicted v ? v with { Beneficiary = Id(999) } : null },
        { "another state", e => e is EntitlementStateChanged c ? c with { To = EntitlementState.Degraded } : null },
        { "more prefill", e => e is PrefillReleased p ? p with { Tokens = p.Tokens + 1 } : null },
        { "more replicas than decided", e => e is LimitsApplied l && l.CapacityPosition > 0 ? l with { LimitsPosition = l.LimitsPosition + 1 } : null },
    };

    [Theory]
    [MemberData(nameof(Tamperings))]
    public void Finds(string what, Func<ILedgerEvent, ILedgerEvent?> tamper)
    {
        var history = History();
        var at = history.FindIndex(recorded => tamper(recorded.Data) is not null);
        history[at] = history[at] with { Data = tamper(history[at].Data)! };
        Assert.True(Verify(history) is { } found && found.Position >= history[at].Position, what);
    }

    [Fact]
    public void Finds_every_missing_event_that_had_an_effect()
    {
        var history = History();
        for (var i = 0; i < history.Count; i++)
        {
            // Refusals, keys and closed books leave no trace in other decisions, and a settlement is the same whenever its usage came; the missing version tells of them.
            if (history[i].Data is RequestDenied or RequestsDenied or KeyIssued or KeyRevoked or SettlementDeferred or BooksCarriedForward) continue;
            var shorter = history.ToList();
            shorter.RemoveAt(i);
            Assert.True(FindsOrCannotFollow(shorter), $"{history[i].Type} at {i} was not missed.");
        }
    }

    [Fact]
    public void Finds_every_event_that_is_there_twice()
    {
        var history = History();
        for (var i = 0; i < history.Count; i++)
            if (history[i].Data is not (RequestDenied or RequestsDenied or ReservationRenewed or KeyIssued))
                Assert.True(FindsOrCannotFollow([.. history[..(i + 1)], history[i], .. history[(i + 1)..]]), $"A second {history[i].Type} at {i} went through.");
    }

    [Fact]
    public void Finds_events_in_another_order()
    {
        var history = History();
        var at = history.FindIndex(recorded => recorded.Data is ReservationEvicted);
        (history[at], history[at + 1]) = (history[at + 1], history[at]);
        Assert.NotNull(Verify(history));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Misses_the_admission_behind_an_eviction(bool moreFollows)
    {
        var history = History();
        var at = history.FindIndex(recorded => recorded.Data is ReservationEvicted);
        List<RecordedEvent> cut = [.. history[..(at + 1)], .. moreFollows ? history.Where(recorded => recorded.Data is RequestsDenied) : []];
        Assert.StartsWith("the admission that these evictions make room for", Verify(cut)!.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Misses_the_rest_of_a_decision_at_the_end()
    {
        var history = History();
        var at = history.FindIndex(recorded => recorded.Data is EntitlementGranted);
        Assert.Equal("nothing: the stream ends here", Verify(history[..(at + 1)])!.Recorded);
    }

    /// <summary>Each event of the pool's stream at least once.</summary>
    private static List<RecordedEvent> History()
    {
        var pool = new PoolScenario().Given(
            Configure(sequences: 12, most: 2), Grant("e", ServiceClass.Elastic), Grant("x", Preemptible), new IssueKey(new("e"), new("k1"), "h1"), new IssueKey(new("e"), new("k2"), "h2"),
            new RevokeKey(new("e"), new("k1")), Admit(1, "e", 60, 40), FirstToken(1, "e"), Admit(2, "e", 60, 40), Admit(3, "e"), Settle(7, 10, 5, recorded: false));
        pool.At(0.5).Given(Admit(4, "e"));
        pool.At(1).Given(Renew(3, "e"), Settle(1, 60, 15), Release(2, "e"), Admit(7, "e", 10, 10));
        for (var i = 10; i < 20; i++) pool.At(i).Given(Admit(i, "x", 5));
        pool.At(20).Given(Grant("g", Guaranteed, 30, 3_000, 3), Admit(20, "g", 10)).When(Admit(21, "e", 1)).ThenRefuses(DenialReason.PoolExhausted);
        pool.At(21).Given(new ApplyCapacity(2, 8), new ApplyLimits([new(new("e"), new(50, 500, 5), 0.1, 0.2, 30)], 9), Admit(30, "e"), Configure(most: 3, lease: 299), Grant("x", Preemptible, slo: 600), Revoke("g"), Admit(31, "x", 5));
        pool.At(40).Given(new ApplyLimits([new(new("e"), new(50, 500, 3), 0.1, 0.2, 30)], 10), Admit(40, "e", wait: 5_000), Admit(41, "e", wait: 5_000), Admit(42, "e", 7, wait: 9_000), Leave(41, "e"), Release(30, "e"), new Drain()).When(Admit(43, "e"));
        pool.At(45).When(new Drain()).ThenRefuses(DenialReason.WaitExpired);
        pool.At(50).Given(new GrantEntitlement(new("b"), Terms(Spot) with { Budget = new(100, HardStop: true) }), new ExhaustBudget(new("b"), 100, pool.Now.AddDays(1), 11));
        pool.At(400).Given(new Sweep(), new CloseBooks());
        RecordedEvent counted = new(0, "pool-p", 0, Guid.Empty, "requests-denied.v1", pool.Now, new RequestsDenied(PoolScenario.Pool, [new(new("e"), DenialReason.PoolExhausted, 7, 70)]));
        return [.. pool.History, counted with { Position = pool.History.Count + 1 }];
    }

    private static ReplayDifference? Verify(IEnumerable<RecordedEvent> history)
    {
        var verifier = new ReplayVerifier(PoolScenario.Pool);
        foreach (var recorded in history)
            if (verifier.Take(recorded) is { } difference) return difference;
        return verifier.Complete();
    }

    /// <summary>A stream that breaks the pool's own rules is as good as a difference: whoever verifies reports the exception.</summary>
    private static bool FindsOrCannotFollow(IEnumerable<RecordedEvent> history)
    {
        try
        {
            return Verify(history) is not null;
        }
        catch (Exception e) when (e is KeyNotFoundException or NullReferenceException)
        {
            return true;
        }
    }
}
