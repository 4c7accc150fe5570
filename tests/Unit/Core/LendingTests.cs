using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>Idle guaranteed baselines are lent, and are there when their owner comes.</summary>
public sealed class LendingTests
{
    [Theory]
    [InlineData(0, 4)]
    [InlineData(0.3, 4)]
    [InlineData(0.34, 5)]
    [InlineData(0.5, 5)]
    [InlineData(1, 7)]
    public void Lends_its_share_of_an_idle_guaranteed_baseline_rounded_down_and_never_a_dedicated_one(double lending, int most)
    {
        var pool = AllClasses(lending: lending);
        Assert.Equal(most, pool["e"].Limits.Sequences);
        for (var i = 1; i <= most; i++) pool.Given(Admit(i, i % 2 == 0 ? "e" : "s", 1));
        pool.When(Admit(99, "x", 1)).ThenRefuses(DenialReason.PoolExhausted);
    }

    [Fact]
    public void Gives_a_lent_baseline_back_at_once_and_lets_nobody_borrow_until_the_debt_is_gone()
    {
        var pool = AllClasses(lending: 1);
        for (var i = 1; i <= 7; i++) pool.Given(Admit(i, i <= 4 ? "e" : "s", 1));
        for (var i = 11; i <= 13; i++) pool.Given(Admit(i, "g", 1), Admit(10 + i, "d", 1));
        Assert.Equal(13, pool.State.Held.Sequences);
        pool.When(Admit(31, "s", 1)).ThenRefuses(DenialReason.PoolExhausted);
        pool.Given(Release(1, "e"), Release(2, "e"), Release(3, "e")).When(Admit(31, "s", 1)).ThenRefuses(DenialReason.PoolExhausted);
        pool.Given(Release(4, "e"), Admit(31, "s", 1));
    }

    [Fact]
    public void Stops_preemptible_requests_before_it_goes_over_capacity()
    {
        var pool = AllClasses(lending: 1);
        for (var i = 1; i <= 7; i++) pool.At(i).Given(Admit(i, i > 5 ? "x" : "e", 1));
        pool.Given(Admit(11, "d", 1), Admit(12, "d", 1), Admit(13, "d", 1));
        Assert.Equal([7], [.. Stopped(pool.When(Admit(21, "g", 1)))]);
        Assert.Equal([6], [.. Stopped(pool.When(Admit(22, "g", 1)))]);
        Assert.Empty(Stopped(pool.When(Admit(23, "g", 1))));
        Assert.Equal(11, pool.State.Held.Sequences);
    }

    [Fact]
    public void In_the_long_run_lends_its_share_of_the_idle_rate_and_what_the_owner_takes_is_taken_from_the_borrowers()
    {
        // 40 tokens/s are nobody's, half of g's 30 are lent: 55 while g is idle, 40 while g takes all of its own.
        Assert.Equal((55, 40), (Spent(0.5, busy: false), Spent(0.5, busy: true)));
        Assert.Equal((70, 40), (Spent(1, busy: false), Spent(1, busy: true)));
        Assert.Equal((40, 40), (Spent(0, busy: false), Spent(0, busy: true)));
    }

    [Fact]
    public void The_surplus_gets_its_part_back_when_less_was_used()
    {
        var pool = AllClasses(lending: 0.5).Given(Admit(1, "s", 500), Admit(2, "g", 101));
        Assert.Equal((550 - 500 - 51, 300 - 101), (pool.State.Surplus.TokensAt(pool.Now), pool["g"].Rate.TokensAt(pool.Now)));
        pool.Given(Settle(2, 21, 0));
        Assert.Equal((550 - 500 - 51 + 40, 300 - 21), (pool.State.Surplus.TokensAt(pool.Now), pool["g"].Rate.TokensAt(pool.Now)));
    }

    [Fact]
    public void Whatever_is_lent_no_more_is_held_than_capacity_and_what_is_lent()
    {
        var over = 0;
        Prop.ForAll(RandomPool.Traffic, Gen.Elements(0, 0.1, 0.5, 0.9, 1).ToArbitrary(), (steps, lending) =>
        {
            PoolRun run = null!;
            run = new PoolRun
            {
                OnEvent = data =>
                {
                    if (data is not RequestAdmitted) return;
                    var (held, capacity) = (run.State.Held, run.State.Capacity);
                    var lent = (int)Math.Floor((decimal)lending * 3);
                    Assert.True(held.Sequences <= capacity.Sequences + lent, $"{held.Sequences} sequences");
                    Assert.True(held.KvCacheBytes <= capacity.KvCacheBytes + (long)Math.Floor((decimal)lending * 3_000), $"{held.KvCacheBytes} bytes");
                    if (held.Sequences > capacity.Sequences || held.KvCacheBytes > capacity.KvCacheBytes) over++;
                },
                After = (command, decision) =>
                {
                    // Nobody may borrow of a dedicated baseline: beside what borrowers hold there is always room for it.
                    if (decision.Answer is not Admitted { Event: var admitted } || admitted.Entitlement.Value is "a" or "b") return;
                    var a = run.State.Entitlements[new("a")];
                    Assert.True(run.State.Held.Sequences + a.IdleFloor.Sequences <= run.State.Capacity.Sequences, $"{admitted} left no room for 'a'.");
                },
            };
            run.Take(Beginning(lending)).Take(steps);
        }).Check(Properties.Of(2_000));
        Assert.True(over > 200, $"Only {over} admissions were over capacity.");
    }

    private static PoolCommand[] Beginning(double lending) =>
    [
        Configure(lease: 60, lending: lending), Grant("a", Dedicated, 30, 3_000, 3), Grant("b", Guaranteed, 30, 3_000, 3), Grant("c", ServiceClass.Elastic),
        Grant("d", Spot), Grant("e", Spot), Grant("f", ServiceClass.Elastic),
    ];

    private static IEnumerable<int> Stopped(PoolScenario pool)
    {
        pool.ThenAdmits();
        var admitted = pool.History[^1].Data as RequestAdmitted;
        return pool.History.Select(e => e.Data).OfType<ReservationEvicted>().Where(e => e.Beneficiary == admitted!.Request).Select(e => Enumerable.Range(1, 9).Single(i => Id(i) == e.Request));
    }

    /// <summary>Tokens per second that a spot entitlement gets which asks all the time, on average over the second 1,000 of 2,000 seconds.</summary>
    private static long Spent(double lending, bool busy)
    {
        var pool = AllClasses(lending: lending);
        var (request, spent) = (0, 0L);
        for (var second = 1; second <= 2_000; second++)
        {
            pool.At(second);
            if (busy) Serve("g", 30);
            for (var i = 0; i < 20; i++)
                if (Serve("s", 5) && second > 1_000) spent += 5;
        }
        return spent / 1_000;

        bool Serve(string name, long tokens)
        {
            var admitted = PoolDecisions.Decide(pool.State, Admit(++request, name, tokens), pool.Now).Answer is Admitted;
            if (admitted) pool.Given(Admit(request, name, tokens), Settle(request, tokens, 0));
            return admitted;
        }
    }
}
