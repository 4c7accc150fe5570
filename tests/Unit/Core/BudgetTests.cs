using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The hard stop of a month's budget.</summary>
public sealed class BudgetTests
{
    private static readonly DateTimeOffset s_end = PoolScenario.Start.AddSeconds(1_000);

    [Fact]
    public void Refuses_at_the_door_until_the_month_ends()
    {
        var pool = Stopped();
        Assert.Equal(Rejection.BudgetExhausted, pool.When(Admit(1, "e")).Then().ThenAnswers<Rejected>().Kind);
        Assert.Equal(Rejection.BudgetExhausted, pool.At(999.999999).When(Admit(1, "e", wait: 30_000)).Then().ThenAnswers<Rejected>().Kind);
        pool.At(1_000).When(Admit(1, "e")).ThenAdmits();
    }

    [Fact]
    public void Comes_after_the_validity_and_before_all_else()
    {
        Assert.Equal(Rejection.EntitlementNotBound, Stopped().Given(Revoke("e")).When(Admit(1, "e")).ThenAnswers<Rejected>().Kind);
        Assert.Equal(Rejection.BudgetExhausted, Stopped().When(Admit(1, "e", input: 1_000_000)).ThenAnswers<Rejected>().Kind);
        Assert.Equal(Rejection.BudgetExhausted, Stopped().Given(Configure(shadow: true)).When(Admit(1, "e")).Then().ThenAnswers<Rejected>().Kind);
    }

    [Fact]
    public void Ends_the_wait_of_those_who_wait()
    {
        var pool = new PoolScenario().Given(Configure(sequences: 1), Budgeted(100, hardStop: true), Admit(1, "e"), Admit(2, "e", wait: 30_000)).Given(Stop(100));
        Assert.Equal(0, pool.When(new Drain()).ThenRefuses(DenialReason.BudgetExhausted).RetryAfterMs);
    }

    [Theory]
    [InlineData(101L, true, true)]
    [InlineData(100L, false, true)]
    [InlineData(null, false, true)]
    [InlineData(99L, true, false)]
    public void Is_lifted_when_the_budget_is_raised_made_soft_or_taken_away(long? tokens, bool hardStop, bool lifted)
    {
        var pool = Stopped().Given(Budgeted(tokens, hardStop)).When(Admit(1, "e"));
        Assert.Equal(lifted, pool.Answer is Admitted);
    }

    [Fact]
    public void Is_not_lifted_when_something_else_is_amended() =>
        Assert.Equal(Rejection.BudgetExhausted, Stopped().Given(new GrantEntitlement(new("e"), Budgeted(100, hardStop: true).Terms with { SloTargetMs = 7 })).When(Admit(1, "e")).ThenAnswers<Rejected>().Kind);

    [Fact]
    public void Takes_no_stop_that_is_known_over_or_for_another_budget()
    {
        Stopped().When(Stop(100)).Then();
        Stopped().When(Stop(99)).Then();
        Stopped().At(1_000).When(Stop(100)).Then();
        new PoolScenario().Given(Configure(), Budgeted(100, hardStop: false)).When(Stop(100)).Then();
        new PoolScenario().Given(Configure()).When(Stop(100)).Then();
    }

    [Fact]
    public void Is_carried_in_the_books_and_replays()
    {
        var pool = Stopped().Given(new CloseBooks());
        var opened = new PoolState(PoolScenario.Pool);
        PoolEvolution.Evolve(opened, pool.History[^1].Data, pool.Now);
        Assert.Equal((s_end, s_end), (opened.Entitlements[new("e")].ExhaustedUntil, pool["e"].ExhaustedUntil));
        var verifier = new ReplayVerifier(PoolScenario.Pool);
        Assert.All(pool.History, recorded => Assert.Null(verifier.Take(recorded)));
        Assert.Null(verifier.Complete());
    }

    private static PoolScenario Stopped() => new PoolScenario().Given(Configure(), Budgeted(100, hardStop: true), Stop(100));

    private static GrantEntitlement Budgeted(long? tokens, bool hardStop) =>
        new(new("e"), Terms(ServiceClass.Elastic) with { Budget = tokens is { } known ? new(known, hardStop) : null });

    private static ExhaustBudget Stop(long tokens) => new(new("e"), tokens, s_end, Position: 57);
}
