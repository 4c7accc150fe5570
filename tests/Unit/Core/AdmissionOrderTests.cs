using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The steps of an admission, one by one and each before its neighbour: the first failure answers.</summary>
public sealed class AdmissionOrderTests
{
    [Fact]
    public void A_pool_that_was_never_opened_is_unknown() =>
        Assert.Equal(Rejection.PoolUnknown, new PoolScenario().When(Admit(1, "e")).Then().ThenAnswers<Rejected>().Kind);

    [Fact]
    public void An_entitlement_that_was_never_granted_is_unknown() =>
        Assert.Equal(Rejection.EntitlementUnknown, Elastic().When(Admit(1, "other")).Then().ThenAnswers<Rejected>().Kind);

    [Theory]
    [InlineData(9.999999, "Entitlement 'late' is not valid yet.")]
    [InlineData(20, "Entitlement 'late' is not valid any more.")]
    public void Step_1_refuses_outside_the_validity_even_before_a_sweep_noticed(double at, string detail) =>
        new PoolScenario().Given(Configure()).At(10).Given(Grant("late", ServiceClass.Elastic, from: 10, to: 20))
            .At(at).When(Admit(1, "late")).Then().ThenAnswers(new Rejected(Rejection.EntitlementNotBound, detail));

    [Fact]
    public void Step_1_admits_from_the_first_moment_of_the_validity_on() =>
        new PoolScenario().Given(Configure(), Grant("late", ServiceClass.Elastic, from: 10, to: 20)).At(10).Given(new Sweep()).When(Admit(1, "late")).ThenAdmits();

    [Fact]
    public void Step_1_refuses_a_revoked_entitlement() =>
        Elastic().Given(Revoke("e")).When(Admit(1, "e")).Then().ThenAnswers(new Rejected(Rejection.EntitlementNotBound, "Entitlement 'e' is revoked."));

    [Fact]
    public void Step_1_comes_before_step_2() =>
        Assert.Equal(Rejection.EntitlementNotBound, Elastic().Given(Revoke("e")).When(Admit(1, "e", input: 1_000_000)).ThenAnswers<Rejected>().Kind);

    [Fact]
    public void Step_2_fills_in_the_output_limit_that_is_missing()
    {
        var pool = Elastic();
        pool.When(Admit(1, "e", input: 10, output: null)).Then(
            new RequestAdmitted(PoolScenario.Pool, Id(1), new("e"), new("tenant"), 10, null, null, 50, new(60, 60, 1), pool["e"].Weight, pool.Now.AddSeconds(300)));
    }

    [Fact]
    public void Step_2_refuses_for_good_what_the_pool_at_its_largest_could_not_give()
    {
        var pool = new PoolScenario().Given(Configure(replicas: 1, most: 3), Grant("e", ServiceClass.Elastic));
        Assert.Equal(0, pool.When(Admit(1, "e", 30_001)).ThenRefuses(DenialReason.NeverFits).RetryAfterMs);
        Assert.NotEqual(0, pool.When(Admit(1, "e", 30_000)).ThenRefuses(DenialReason.KvExceeded).RetryAfterMs);
    }

    [Theory]
    [InlineData("d", 7_000)]
    [InlineData("g", 3_000)]
    [InlineData("e", 4_000)]
    [InlineData("s", 4_000)]
    [InlineData("x", 4_000)]
    public void Step_2_knows_how_much_each_class_can_reach(string entitlement, long most)
    {
        AllClasses().When(Admit(1, entitlement, most)).ThenAdmits();
        AllClasses().When(Admit(1, entitlement, most + 1)).ThenRefuses(DenialReason.NeverFits);
    }

    [Fact]
    public void Step_2_refuses_tokens_for_good_where_no_rate_is_left_for_them() =>
        new PoolScenario().Given(Configure(), Grant("all", Guaranteed, 100, 1, 1), Grant("s", Spot)).When(Admit(1, "s")).ThenRefuses(DenialReason.NeverFits);

    [Fact]
    public void A_pool_without_replicas_has_no_capacity_which_is_said_after_step_2_and_before_step_3()
    {
        var pool = new PoolScenario().Given(Configure(replicas: 1, most: 3), Grant("e", ServiceClass.Elastic), new ApplyCapacity(0, 1));
        Assert.Equal(10_000, pool.When(Admit(1, "e")).ThenRefuses(DenialReason.NoCapacity).RetryAfterMs);
        pool.When(Admit(1, "e", 30_001)).ThenRefuses(DenialReason.NeverFits);
    }

    [Fact]
    public void Step_3_comes_before_step_4()
    {
        var pool = AllClasses().Given(Admit(1, "g", 100), Admit(2, "g", 100), Admit(3, "g", 100));
        Assert.Equal(0, pool["g"].Rate.TokensAt(pool.Now));
        pool.When(Admit(4, "g")).ThenRefuses(DenialReason.ConcurrencyExceeded);
    }

    [Fact]
    public void Step_2_comes_before_step_3() =>
        AllClasses().Given(Admit(1, "g"), Admit(2, "g"), Admit(3, "g")).When(Admit(4, "g", 3_001)).ThenRefuses(DenialReason.NeverFits);

    [Fact]
    public void Step_4_comes_before_step_5()
    {
        var pool = AllClasses().Given(Admit(1, "g", 2_900));
        pool.When(Admit(2, "g", 101)).ThenRefuses(DenialReason.TokensExceeded);
        pool.At(200).When(Admit(2, "g", 101)).ThenRefuses(DenialReason.KvExceeded);
        pool.When(Admit(2, "g", 100)).ThenAdmits();
    }

    [Fact]
    public void Step_5_comes_before_step_6()
    {
        var pool = AllClasses().Given(Admit(1, "e", 3_000)).At(200);
        pool.When(Admit(2, "e", 1_001)).ThenRefuses(DenialReason.KvExceeded);
        pool.When(Admit(2, "s", 1_001)).ThenRefuses(DenialReason.PoolExhausted);
        pool.When(Admit(2, "s", 1_000)).ThenAdmits();
    }

    [Fact]
    public void Step_6_refuses_when_the_sequences_are_gone() =>
        AllClasses().Given(Admit(1, "e"), Admit(2, "e"), Admit(3, "e"), Admit(4, "e")).When(Admit(5, "s")).ThenRefuses(DenialReason.PoolExhausted);

    [Fact]
    public void Step_6_refuses_when_the_kv_bytes_are_gone() =>
        AllClasses(kvPerToken: 10).Given(Admit(1, "e", 400)).At(100).When(Admit(2, "s", 1)).ThenRefuses(DenialReason.PoolExhausted);

    [Fact]
    public void Step_6_refuses_when_the_tokens_are_gone() =>
        AllClasses().Given(Admit(1, "e", 400)).When(Admit(2, "s", 1)).ThenRefuses(DenialReason.PoolExhausted);

    [Fact]
    public void A_request_that_is_open_is_answered_by_its_reservation_and_to_others_it_is_not_theirs()
    {
        var pool = AllClasses().Given(Admit(1, "e"));
        pool.When(Admit(1, "e")).Then().ThenAnswers(new AlreadyOpen());
        Assert.Equal(Rejection.NotYours, pool.When(Admit(1, "s")).Then().ThenAnswers<Rejected>().Kind);
    }

    [Fact]
    public void A_refused_request_may_be_tried_again_and_a_refusal_changes_nothing()
    {
        var pool = Elastic().Given(Admit(1, "e", 1_000));
        pool.When(Admit(2, "e", 100)).ThenRefuses(DenialReason.TokensExceeded);
        Assert.Equal((1, 1_000L), (pool.State.Open.Count, pool.State.Held.Tokens));
        pool.At(1).When(Admit(2, "e", 100)).ThenAdmits();
    }
}
