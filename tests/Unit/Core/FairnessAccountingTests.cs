using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using TokenLedger.Core.Pools;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>What counts as received and as asked for, tick by tick. A sequence of the pool is worth 10 tokens/s until its own requests tell otherwise.</summary>
public sealed class FairnessAccountingTests
{
    private readonly PoolScenario _pool = new PoolScenario().Given(Configure(), Grant("a", ServiceClass.Elastic, 40, 100, 4));
    private readonly FairnessState _fairness = new(PoolScenario.Pool);
    private long _position;
    private int _seen;

    public FairnessAccountingTests() => Tick(0);

    [Fact]
    public void A_request_is_received_over_the_time_it_takes_and_over_all_ticks_exactly_as_used()
    {
        _pool.Given(Admit(1, "a", 0, 65));
        Assert.Equal([10L, 10, 10], Ticks(1, 3).Select(s => s.ReceivedTokens));
        _pool.At(3.5).Given(Settle(1, 0, 47));
        Assert.Equal(17, Tick(4).ReceivedTokens);
        Assert.Equal((0L, 0L), Tick(5) is var last ? (last.ReceivedTokens, last.DemandTokens) : default);
    }

    [Fact]
    public void What_turns_out_to_have_been_less_is_taken_back_and_is_no_debt()
    {
        _pool.Given(Admit(1, "a", 0, 65));
        Ticks(1, 3);
        _pool.At(3.5).Given(Settle(1, 0, 5));
        var corrected = Tick(4);
        Assert.Equal((-25L, 0L, 0L), (corrected.ReceivedTokens, corrected.DemandTokens, corrected.OwedTokens));
    }

    [Fact]
    public void A_request_counts_as_received_no_further_than_it_reserved_and_at_least_what_its_first_token_settled()
    {
        _pool.Given(Admit(1, "a", 20, 5));
        _pool.At(0.5).Given(FirstToken(1, "a"));
        Assert.Equal([20L, 0, 5, 0], Ticks(1, 4).Select(s => s.ReceivedTokens));
    }

    [Fact]
    public void The_rate_of_a_sequence_is_learnt_from_requests_that_ended()
    {
        _pool.Given(Admit(1, "a", 0, 60));
        _pool.At(2).Given(Settle(1, 0, 60)); // 30 tokens/s.
        Tick(3);
        _pool.At(3).Given(Admit(2, "a", 0, 90));
        Assert.Equal([30L, 30, 30, 0], Ticks(4, 7).Select(s => s.ReceivedTokens));
    }

    [Fact]
    public void A_release_an_eviction_and_an_expiry_count_what_they_settle()
    {
        _pool.Given(Admit(1, "a", 30, 10), Admit(2, "a", 30, 10));
        _pool.At(0.5).Given(FirstToken(1, "a"), Release(1, "a"), Release(2, "a"));
        Assert.Equal(30, Tick(1).ReceivedTokens);
        _pool.At(1).Given(Admit(3, "a", 30, 10));
        _pool.At(400).Given(new Sweep());
        Assert.Equal(40, Tick(401).ReceivedTokens);
    }

    [Fact]
    public void A_refused_request_is_demand_as_if_it_ran_and_until_it_would_have_ended()
    {
        Refuse(9, 25, at: 0);
        Assert.Equal([10L, 10, 5, 0], Ticks(1, 4).Select(s => s.DemandTokens));
    }

    [Fact]
    public void A_retry_does_not_count_twice_and_what_lies_between_tries_that_were_given_up_is_no_demand()
    {
        Refuse(9, 20, at: 0);
        Refuse(9, 20, at: 1.5);
        Assert.Equal([10L, 10, 10, 5], Ticks(1, 4).Select(s => s.DemandTokens));
        Refuse(9, 20, at: 10);
        Assert.Equal([0L, 10, 10, 0], Ticks(10, 13).Select(s => s.DemandTokens));
    }

    [Fact]
    public void A_request_that_is_admitted_waits_no_longer()
    {
        Refuse(9, 100, at: 0);
        _pool.At(1.5).Given(Admit(9, "a", 0, 100));
        Assert.Equal([(10L, 0L), (10, 5), (10, 10)], Ticks(1, 3).Select(s => (s.DemandTokens, s.ReceivedTokens)));
    }

    [Fact]
    public void A_queued_request_waits_until_its_client_goes()
    {
        Take(new RequestQueued(PoolScenario.Pool, Id(9), new("a"), new("tenant"), 5, 0, null, 5, Second(60)), 0);
        Assert.Equal([10L, 10, 10], Ticks(1, 3).Select(s => s.DemandTokens));
        Take(new WaitAbandoned(PoolScenario.Pool, Id(9), new("a")), 3.5);
        Assert.Equal([5L, 0], Ticks(4, 5).Select(s => s.DemandTokens));
    }

    [Fact]
    public void What_can_never_fit_is_no_demand()
    {
        Take(new RequestDenied(PoolScenario.Pool, Id(9), new("a"), new("tenant"), 5, 0, null, 5, DenialReason.NeverFits, 0), 0);
        Assert.Equal(0, Tick(1).DemandTokens);
    }

    [Fact]
    public void Requests_past_the_bound_are_counted_without_their_names()
    {
        for (var id = 1; id <= FairnessState.MostWaiting + 5; id++) Refuse(id, 10, at: 0);
        Assert.Equal((FairnessState.MostWaiting + 5) * 10, Tick(1).DemandTokens);
        Assert.Equal(0, Tick(2).DemandTokens);
    }

    [Fact]
    public void Usage_that_came_before_its_admission_is_received_at_once()
    {
        _pool.At(0.5).Given(Settle(1, 3, 4, recorded: false), Admit(1, "a", 3, 10));
        Assert.Equal(7, Tick(1).ReceivedTokens);
        Assert.Equal(0, Tick(2).ReceivedTokens);
    }

    [Fact]
    public void What_is_owed_stops_at_the_horizon_and_what_is_cut_off_is_told()
    {
        const int due = 40 * Owed.HorizonSeconds;
        Assert.Equal((due, 15), Owed.Next(due - 5, due: 40, demand: 40, received: 20, baseline: 40));
        Assert.Equal((0, 0), Owed.Next(10, due: 40, demand: 60, received: 60, baseline: 40));
        Assert.Equal((7, 0), Owed.Next(7, due: 40, demand: -25, received: -25, baseline: 40));
        Assert.Equal((0, 0), Owed.Next(7, due: 40, demand: 60, received: 0, baseline: 0));
        Assert.Equal(long.MaxValue, Owed.Next(long.MaxValue, long.MaxValue, long.MaxValue, 0, long.MaxValue).Owed);
    }

    [Fact]
    public void What_is_due_over_many_ticks_is_what_is_due_over_all_of_them() =>
        Assert.Equal(7, Enumerable.Range(0, 300).Sum(i => Owed.Due(7, Second(i / 300.0), Second((i + 1) / 300.0))));

    private FairnessShare[] Ticks(int from, int to) => [.. Enumerable.Range(from, to - from + 1).Select(second => Tick(second))];

    private FairnessShare Tick(int second)
    {
        foreach (var recorded in _pool.History.Skip(_seen).TakeWhile(e => e.Timestamp <= Second(second)))
        {
            _seen++;
            _fairness.Evolve(recorded with { Position = ++_position });
        }
        FairnessDecisions.Tick(_fairness, Second(second));
        return _fairness.Latest.Single();
    }

    private void Refuse(int id, long tokens, double at) =>
        Take(new RequestDenied(PoolScenario.Pool, Id(id), new("a"), new("tenant"), tokens, 0, null, tokens, DenialReason.PoolExhausted, 1), at);

    private void Take(ILedgerEvent data, double at) => _fairness.Evolve(new(++_position, "any", 1, Guid.Empty, "", Second(at), data));

    private static DateTimeOffset Second(double seconds) => PoolScenario.Start.AddSeconds(seconds);
}
