using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.ServiceClass;
using static TokenLedger.Tests.Unit.Core.Story;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The largest numbers that the services let in (a bucket of 9·10¹² tokens, 2⁶¹ bytes, 10⁸ tokens a side, usage of 10⁹ a side) pass through every decision.</summary>
public sealed class ExtremeValuesTests
{
    private const long MostTokens = 100_000_000;
    private const long MostUsage = 1_000_000_000;
    private const long MostKvBytesPerToken = 1_000_000_000;

    [Theory]
    [InlineData(90_000_000, 100_000, 1)]
    [InlineData(2_500_000_000, 1, 3_600)]
    [InlineData(9_000_000_000_000, 1, 1)]
    [InlineData(2, 1, 1)]
    public void The_largest_pool_admits_and_settles_the_largest_requests(long tokensPerSecond, int replicas, int burst)
    {
        var kv = long.MaxValue / 4 / replicas;
        var pool = new PoolScenario().Given(
            Configure(tokensPerSecond, kv, int.MaxValue / 4 / replicas, replicas, replicas, MostKvBytesPerToken, burst, lease: 86_400),
            Grant("d", Dedicated, 1, 1L << 53, 10_000_000 / replicas), Grant("e", ServiceClass.Elastic, 1, 1L << 53, 10), Grant("x", Preemptible));
        for (var i = 1; i <= 5; i++)
        {
            pool.At(i * 1e10).Given(Admit(i, "e", MostTokens, MostTokens), FirstToken(i, "e"), Settle(i, MostUsage, MostUsage));
            pool.At((i + 0.5) * 1e10).When(Admit(100 + i, "d", MostTokens, MostTokens)).When(Admit(200 + i, "x", MostTokens, MostTokens)).When(Settle(100 + i, MostUsage, MostUsage));
        }
        pool.At(7e10).When(new Sweep());
        Assert.Empty(pool.State.Open);
    }

    [Fact]
    public void Debt_from_reports_far_beyond_their_reservations_only_makes_the_wait_long()
    {
        var pool = new PoolScenario().Given(Configure(tokens: 1, sequences: 100_000), Grant("e", ServiceClass.Elastic));
        for (var i = 1; i <= 20_000; i++) pool.Given(Admit(i, "e", 0));
        for (var i = 1; i <= 20_000; i++) pool.Given(Settle(i, MostUsage, MostUsage));
        Assert.Equal(10 - 20_000L * 2 * MostUsage, pool.State.Surplus.TokensAt(pool.Now));
        Assert.Equal((long)TokenBucket.LongestWait.TotalMilliseconds, pool.When(Admit(30_000, "e", 1)).ThenRefuses(DenialReason.TokensExceeded).RetryAfterMs);
        pool.When(Admit(30_000, "e", 0)).ThenAdmits();
    }

    [Fact]
    public void Early_usage_at_the_bound_settles_a_tiny_admission()
    {
        var pool = new PoolScenario().Given(Configure(kvPerToken: MostKvBytesPerToken), Grant("e", ServiceClass.Elastic), Settle(1, MostUsage, MostUsage, recorded: false));
        pool.When(Admit(1, "e", 0)).ThenAdmits();
        var settled = Assert.IsType<ReservationSettled>(pool.History[^1].Data);
        Assert.Equal(new Resources(2 * MostUsage, 2 * MostUsage * MostKvBytesPerToken, 0), settled.Excess);
    }

    [Fact]
    public void Totals_pass_64_bits()
    {
        var account = new Totals(long.MaxValue, long.MaxValue, int.MaxValue) + new Resources(long.MaxValue, long.MaxValue, int.MaxValue);
        Assert.Equal(2 * (Int128)long.MaxValue, account.KvCacheBytes);
    }

    [Theory]
    [InlineData(1, 86_400_000)]
    [InlineData(86_400_000, 1)]
    public void Weights_stay_above_zero_and_finite(double target, double mean)
    {
        var weight = PriorityWeight.Of(Preemptible, target, mean, burst: 1e12, debt: -1e12);
        Assert.True(weight > 0 && double.IsFinite(weight));
    }
}
