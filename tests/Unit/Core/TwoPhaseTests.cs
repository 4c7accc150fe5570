using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>A reservation from its admission to its one end.</summary>
public sealed class TwoPhaseTests
{
    private static readonly EntitlementId s_e = new("e");

    [Fact]
    public void Settles_less_than_was_reserved_and_returns_the_rest()
    {
        var pool = Reserved100();
        pool.When(Settle(1, 60, 15)).Then(Settled(60, 15, settled: new(75, 75, 1), returned: new(25, 25, 0), excess: default));
        Assert.Equal((new(75, 75, 1), new Totals(25, 25, 0), default), (pool.State.Account.Settled, pool.State.Account.Returned, pool.State.Held));
        Assert.Equal(925, pool["e"].Rate.TokensAt(pool.Now));
    }

    [Fact]
    public void Settles_exactly_what_was_reserved() =>
        Reserved100().When(Settle(1, 60, 40)).Then(Settled(60, 40, settled: new(100, 100, 1), returned: default, excess: default));

    [Fact]
    public void Charges_what_was_used_beyond_the_reservation_and_calls_it_excess()
    {
        var pool = Reserved100();
        pool.When(Settle(1, 60, 140)).Then(Settled(60, 140, settled: new(100, 100, 1), returned: default, excess: new(100, 100, 0)));
        Assert.Equal((800L, 800L), (pool["e"].Rate.TokensAt(pool.Now), pool.State.Surplus.TokensAt(pool.Now)));
        Assert.Equal(new Totals(100, 100, 1), pool.State.Account.Settled);
    }

    [Fact]
    public void Releases_the_prefill_at_the_first_token_once_and_keeps_kv_bytes_and_sequence()
    {
        var pool = Reserved100();
        pool.When(FirstToken(1, "e")).Then(new PrefillReleased(PoolScenario.Pool, Id(1), s_e, 60)).ThenAnswers(new Reserved(s_e, new(40, 100, 1), pool.Now.AddSeconds(300)));
        Assert.Equal((new(40, 100, 1), new Totals(60, 0, 0)), (pool.State.Held, pool.State.Account.Settled));
        pool.When(FirstToken(1, "e")).Then().ThenAnswers(new Reserved(s_e, new(40, 100, 1), pool.Now.AddSeconds(300)));
    }

    [Fact]
    public void A_first_token_of_a_request_without_input_releases_nothing() =>
        Elastic().Given(Admit(1, "e", 0, 40)).When(FirstToken(1, "e")).Then();

    [Theory]
    [InlineData(60, 15, 15, 25, 0)]
    [InlineData(60, 40, 40, 0, 0)]
    [InlineData(60, 50, 40, 0, 10)]
    [InlineData(30, 10, 0, 40, 0)]
    public void What_the_first_token_settled_stays_settled(long input, long output, long settled, long returned, long excess)
    {
        var pool = Reserved100().Given(FirstToken(1, "e"));
        var used = input + output;
        pool.When(Settle(1, input, output)).Then(Settled(
            input, output, new(settled, Math.Min(used, 100), 1), new(returned, Math.Max(0, 100 - used), 0), new(excess, excess, 0)));
        Assert.Equal(default, pool.State.Held);
        Assert.Equal(1_000 - used, pool["e"].Rate.TokensAt(pool.Now));
    }

    [Fact]
    public void A_release_returns_all_that_is_still_held()
    {
        var pool = Reserved100().Given(FirstToken(1, "e"));
        pool.When(Release(1, "e")).Then(new ReservationReleased(PoolScenario.Pool, Id(1), s_e, new(40, 100, 1)));
        Assert.Equal((new(60, 0, 0), new Totals(40, 100, 1)), (pool.State.Account.Settled, pool.State.Account.Returned));
        Assert.Equal(940, pool["e"].Rate.TokensAt(pool.Now));
    }

    [Fact]
    public void A_renewal_moves_the_end_of_the_lease()
    {
        var pool = Reserved100().At(299);
        pool.When(Renew(1, "e")).Then(new ReservationRenewed(PoolScenario.Pool, Id(1), s_e, pool.Now.AddSeconds(300)));
        pool.At(300).When(new Sweep()).Then().ThenAnswers(new Done(Created: false, Changed: false));
        pool.At(599).When(new Sweep()).Then(new ReservationExpired(PoolScenario.Pool, Id(1), s_e, new(100, 100, 1)));
    }

    [Fact]
    public void A_lease_expires_at_its_end_and_not_before_and_its_tokens_stay_charged()
    {
        var pool = Reserved100().At(1).Given(Admit(2, "e", 900));
        pool.At(299.999999).When(new Sweep()).Then();
        pool.At(300).When(new Sweep()).Then(new ReservationExpired(PoolScenario.Pool, Id(1), s_e, new(100, 100, 1)));
        Assert.Equal((new Totals(100, 100, 1), 1), (pool.State.Account.Expired, pool.State.Open.Count));
    }

    [Fact]
    public void A_sweep_ends_a_thousand_leases_at_the_most_the_oldest_first()
    {
        var pool = new PoolScenario().Given(Configure(tokens: 1_000_000, kv: 1_000_000, sequences: 5_000), Grant("e", ServiceClass.Elastic));
        for (var i = 1; i <= 1_500; i++) pool.At(i / 1_000.0).Given(Admit(i, "e", 1));
        pool.At(400).When(new Sweep());
        Assert.Equal(500, pool.State.Open.Count);
        Assert.DoesNotContain(Id(1_000), pool.State.Open.Keys);
        pool.When(new Sweep());
        Assert.Empty(pool.State.Open);
        Assert.Null(pool.State.NextExpiry);
    }

    [Fact]
    public void A_request_ends_exactly_once_and_another_entitlement_cannot_end_it()
    {
        foreach (var foreign in new PoolCommand[] { Release(1, "other"), Renew(1, "other"), FirstToken(1, "other") })
            Assert.Equal(Rejection.NotYours, Reserved100().When(foreign).Then().ThenAnswers<Rejected>().Kind);
        foreach (var end in new PoolCommand[] { Release(1, "e"), Settle(1, 60, 40) })
            foreach (var after in new PoolCommand[] { Release(1, "e"), Renew(1, "e"), FirstToken(1, "e"), Settle(1, 60, 40) })
                Reserved100().Given(end).When(after).Then().ThenAnswers(new NotOpen());
    }

    [Fact]
    public void Early_usage_of_one_entitlement_settles_no_request_of_another()
    {
        var foreign = Settle(1, 60, 15, recorded: false) with { Entitlement = new("other") };
        var pool = Elastic().Given(foreign, Admit(1, "e", 60, 40));
        Assert.Single(pool.State.Open);
        pool.When(foreign).Then().ThenAnswers(new NotOpen());
    }

    [Fact]
    public void Usage_that_comes_before_its_admission_settles_it_when_it_arrives()
    {
        var pool = Elastic();
        pool.When(Settle(1, 60, 15, recorded: false)).Then(new SettlementDeferred(PoolScenario.Pool, Id(1), 60, 15, 77)).ThenAnswers(new NotOpen());
        pool.When(Settle(1, 60, 15, recorded: false)).Then();
        pool.When(Admit(1, "e", 60, 40)).Then(
            new RequestAdmitted(PoolScenario.Pool, Id(1), s_e, new("tenant"), 60, 40, null, 40, new(100, 100, 1), pool["e"].Weight, pool.Now.AddSeconds(300)),
            Settled(60, 15, new(75, 75, 1), new(25, 25, 0), default));
        Assert.Empty(pool.State.Open);
        Assert.Empty(pool.State.Deferred);
    }

    [Fact]
    public void Early_usage_outlasts_a_refusal()
    {
        var pool = Elastic().Given(Admit(9, "e", 1_000), Settle(1, 60, 15, recorded: false));
        pool.When(Admit(1, "e", 60, 40)).ThenRefuses(DenialReason.TokensExceeded);
        pool.At(1).When(Admit(1, "e", 60, 40)).ThenAdmits();
        Assert.Single(pool.State.Open);
    }

    [Fact]
    public void Early_usage_is_remembered_up_to_a_bound_and_the_oldest_is_forgotten_first()
    {
        var pool = Elastic();
        for (var i = 1; i <= PoolEvolution.MostDeferred + 1; i++) pool.Given(Settle(i, 1, 1, recorded: false));
        Assert.Equal(PoolEvolution.MostDeferred, pool.State.Deferred.Count);
        Assert.Equal(Id(2), pool.State.Deferred.Keys.First());
    }

    [Fact]
    public void Reservations_outlive_the_revocation_of_their_entitlement_and_end_as_any()
    {
        var pool = AllClasses().Given(Admit(1, "g", 100), Admit(2, "g", 100), Revoke("g"));
        Assert.Equal(new Capacity(30, 3_000, 3), pool.State.Floors);
        pool.Given(Settle(1, 50, 0), Release(2, "g"));
        Assert.Equal((default, new Totals(50, 50, 1)), (pool.State.Held, pool["g"].Account.Settled));
        Assert.Equal((7_000L, 7), pool.State.RoomFor(pool["e"]));
    }

    private static PoolScenario Reserved100() => Elastic().Given(Admit(1, "e", 60, 40));

    private static ReservationSettled Settled(long input, long output, Resources settled, Resources returned, Resources excess) =>
        new(PoolScenario.Pool, Id(1), s_e, input, output, settled, returned, excess, 77);
}
