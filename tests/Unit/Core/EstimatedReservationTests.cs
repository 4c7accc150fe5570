using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using TokenLedger.Core.Replay;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>How estimates of the output change what is reserved.</summary>
public sealed class EstimatedReservationTests
{
    private const int Samples = 8;
    private static readonly EstimationBounds s_estimation = new(MinSamples: Samples);

    [Fact]
    public void The_output_limit_is_reserved_until_enough_is_known_and_then_what_answers_need()
    {
        var pool = Pool();
        for (var i = 1; i <= Samples; i++) Assert.Equal(1_000, Serve(pool, i, output: 40 + i % 2).ExpectedOutputTokens);
        var admitted = Admit(pool, Samples + 1);
        Assert.InRange(admitted.ExpectedOutputTokens, 41, 80);
        Assert.Equal(new(10 + admitted.ExpectedOutputTokens, 10 + admitted.ExpectedOutputTokens, 1), admitted.Reserved);
    }

    [Fact]
    public void No_more_than_the_output_limit_is_reserved()
    {
        var pool = Taught();
        Assert.Equal(7, Admit(pool, 100, limit: 7).ExpectedOutputTokens);
        Assert.Equal(0, Admit(pool, 101, limit: 0).ExpectedOutputTokens);
        Assert.True(Admit(pool, 102, limit: null).ExpectedOutputTokens <= 50);
    }

    [Fact]
    public void Switched_off_the_output_limit_is_reserved_and_nothing_is_learned()
    {
        var pool = Taught();
        pool.Given(Story.Configure(100_000, 1_000_000, 100, estimation: s_estimation with { Enabled = false }));
        var known = pool.State.Estimates.Learned;
        Assert.Equal(1_000, Serve(pool, 100, output: 3).ExpectedOutputTokens);
        Assert.Equal(known, pool.State.Estimates.Learned);
        pool.Given(Story.Configure(100_000, 1_000_000, 100, estimation: s_estimation));
        Assert.InRange(Admit(pool, 101).ExpectedOutputTokens, 40, 80);
    }

    [Fact]
    public void What_never_fits_is_judged_by_the_output_limit()
    {
        var pool = Taught();
        Assert.True(Admit(pool, 100, limit: 900_000).ExpectedOutputTokens < 100);
        pool.When(Story.Admit(101, "e", 10, 1_000_000)).ThenRefuses(DenialReason.NeverFits);
    }

    [Fact]
    public void An_explanation_tells_what_is_reserved_of_the_output_limit()
    {
        var pool = Taught();
        var explained = AdmissionExplanation.Of(pool.State, Story.Admit(100, "e", 10, 1_000), pool.Now);
        Assert.Equal((1_000, Admit(pool, 100).ExpectedOutputTokens), (explained.OutputLimit, explained.OutputTokens));
    }

    [Fact]
    public void An_answer_beyond_its_reservation_is_charged_and_the_books_balance()
    {
        var pool = Taught();
        var admitted = Admit(pool, 100);
        pool.When(Story.Settle(100, 10, 500));
        var settled = Assert.IsType<ReservationSettled>(pool.History[^1].Data);
        Assert.Equal((admitted.Reserved.Tokens, 510 - admitted.Reserved.Tokens), (settled.Settled.Tokens, settled.Excess.Tokens));
        Assert.Equal(default, pool.State.Held);
    }

    [Fact]
    public void A_tenant_that_is_new_gets_the_estimate_of_the_others_with_its_workload()
    {
        var pool = Taught();
        pool.Given(new GrantEntitlement(new("other"), Story.Terms(ServiceClass.Elastic) with { Tenant = new("other") }));
        pool.When(Story.Admit(100, "other", 10, 1_000));
        Assert.InRange(pool.ThenAnswers<Admitted>().Event.ExpectedOutputTokens, 40, 80);
    }

    private static PoolScenario Pool() => new PoolScenario().Given(Story.Configure(100_000, 1_000_000, 100, estimation: s_estimation), Story.Grant("e", ServiceClass.Elastic));

    private static PoolScenario Taught()
    {
        var pool = Pool();
        for (var i = 1; i <= 2 * Samples; i++) Serve(pool, i, output: 40 + i % 2);
        return pool;
    }

    private static RequestAdmitted Admit(PoolScenario pool, int request, long? limit = 1_000)
    {
        pool.When(Story.Admit(request, "e", 10, limit));
        return pool.ThenAnswers<Admitted>().Event;
    }

    private static RequestAdmitted Serve(PoolScenario pool, int request, long output)
    {
        var admitted = Admit(pool, request);
        pool.Given(Story.Settle(request, 10, output));
        return admitted;
    }
}
