using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using static TokenLedger.Contracts.ServiceClass;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The division of docs/domain.md §6 by example: 100 tokens/s, 1,000 KV bytes and 10 sequences, where KV bytes never bind and a sequence is worth 10 tokens/s.</summary>
public sealed class AllocationTests
{
    private static readonly Capacity s_capacity = new(100, 1_000, 10);

    [Fact]
    public void Elastic_tenants_share_what_is_short_by_weight_up_to_their_baselines() =>
        Assert.Equal([5, 3], Sequences(8, Claim(1, ServiceClass.Elastic, 5, 8, weight: 93.85), Claim(2, ServiceClass.Elastic, 5, 8, weight: 20.27)));

    [Fact]
    public void Forty_seconds_more_owed_double_a_share()
    {
        Assert.Equal([5, 5], Sequences(10, Claim(1, ServiceClass.Elastic, 10, 10, weight: 2), Claim(2, ServiceClass.Elastic, 10, 10, weight: 1, owed: 4_000)));
        Assert.Equal(0.5, Owed.Factor(10, 50));
        Assert.Equal(8, Owed.Factor(1_000, 10)); // Nobody is locked out for what others are owed.
    }

    [Fact]
    public void Surplus_repays_what_is_owed_before_anyone_bursts() =>
        Assert.Equal([3, 7, 0], Sequences(10,
            Claim(1, ServiceClass.Elastic, 3, 10, weight: 90), Claim(2, ServiceClass.Elastic, 3, 10, weight: 10, owed: 60), Claim(3, Spot, 0, 10, weight: 1)));

    [Fact]
    public void Surplus_goes_by_weight_to_the_classes_that_may_burst_and_no_further_than_they_ask() =>
        Assert.Equal([2, 4, 1, 3], Sequences(10,
            Claim(1, Guaranteed, 2, 9, weight: 1_000), Claim(2, ServiceClass.Elastic, 1, 8, weight: 3), Claim(3, Spot, 0, 9, weight: 1), Claim(4, Dedicated, 3, 0, weight: 1_000)));

    [Fact]
    public void An_idle_dedicated_baseline_is_lent_to_nobody_and_an_idle_guaranteed_one_as_far_as_the_pool_lends()
    {
        Claim[] claims = [Claim(1, Dedicated, 4, 0, weight: 1_000), Claim(2, Guaranteed, 4, 0, weight: 1_000), Claim(3, Spot, 0, 10, weight: 1)];
        Assert.Equal([4, 4, 2], Sequences(10, claims));
        Assert.Equal([4, 2, 4], Sequences(10, claims, lending: 0.5));
        Assert.Equal([4, 0, 6], Sequences(10, claims, lending: 1));
    }

    [Fact]
    public void Where_there_is_enough_the_limit_is_all_that_no_floor_reserves()
    {
        Claim[] claims = [Claim(1, Dedicated, 2, 1, weight: 1_000), Claim(2, Guaranteed, 3, 3, weight: 1_000), Claim(3, ServiceClass.Elastic, 1, 2, weight: 10), Claim(4, Spot, 0, 0, weight: 1)];
        Assert.Equal([7, 3, 5, 5], Allocation.Divide(s_capacity, 0, claims).Select(a => a.Limit.Sequences));
        Assert.Equal([2, 3, 2, 0], Allocation.Divide(s_capacity, 0, claims).Select(a => a.Share.Sequences));
    }

    [Fact]
    public void A_lone_tenant_of_any_bursting_class_can_reach_everything() =>
        Assert.All([Dedicated, ServiceClass.Elastic, Spot, Preemptible], serviceClass =>
        {
            foreach (var wanted in (int[])[0, 1, 10, 40])
                Assert.Equal(s_capacity, Allocation.Divide(s_capacity, 0, [Claim(1, serviceClass, 0, wanted, weight: 1), Claim(2, Guaranteed, 0, 0, weight: 1_000)])[0].Limit);
        });

    [Fact]
    public void A_degraded_baseline_is_served_before_bursts_and_never_beyond_itself()
    {
        var degraded = Claim(1, Guaranteed, 4, 9, weight: 1_000) with { HasFloor = false };
        Assert.Equal([4, 6], Sequences(10, degraded, Claim(2, Spot, 0, 10, weight: 1)));
        Assert.Equal(4, Allocation.Divide(s_capacity, 0, [degraded with { Demand = default }])[0].Limit.Sequences);
    }

    [Fact]
    public void What_one_cannot_use_of_a_dimension_for_want_of_another_goes_to_those_who_can()
    {
        // Half of each would leave the first with idle sequences and the second with idle tokens: each can be served a third of what it asks for.
        Claim[] claims =
        [
            new(1, ServiceClass.Elastic, false, new(50, 0, 5), new(200, 0, 10), Weight: 1),
            new(2, ServiceClass.Elastic, false, new(50, 0, 5), new(50, 0, 20), Weight: 1),
        ];
        var shares = Allocation.Divide(s_capacity, 0, claims);
        Assert.Equal([67, 33], shares.Select(s => s.Share.TokensPerSecond));
        Assert.Equal([3, 7], shares.Select(s => s.Share.Sequences));
    }

    [Fact]
    public void Nothing_is_divided_by_digits_that_a_double_does_not_have()
    {
        var all = long.MaxValue - 1;
        var shares = Allocation.Divide(new(all, all, int.MaxValue), 1,
        [
            new(1, ServiceClass.Elastic, false, new(all, all, int.MaxValue), new(all, all, int.MaxValue), Weight: 3, OwedTokens: all),
            new(2, Guaranteed, true, new(all / 3, all / 3, 7), default, Weight: 1_000),
            new(3, Spot, false, default, new(all, all, int.MaxValue), Weight: 0.1),
        ]);
        Assert.Equal(all, shares.Sum(s => s.Share.TokensPerSecond));
        Assert.Equal(all, shares.Sum(s => s.Share.KvCacheBytes));
        Assert.Equal(int.MaxValue, shares.Sum(s => (long)s.Share.Sequences));
    }

    /// <summary>Shares in sequences; tokens are ten times as many.</summary>
    private static IEnumerable<int> Sequences(int capacity, params Claim[] claims) => Sequences(capacity, claims, lending: 0);

    private static IEnumerable<int> Sequences(int capacity, Claim[] claims, double lending)
    {
        var shares = Allocation.Divide(new(capacity * 10, 1_000, capacity), lending, claims);
        Assert.All(shares, s => Assert.InRange(s.Share.TokensPerSecond - s.Share.Sequences * 10, -5, 5));
        return shares.Select(s => s.Share.Sequences);
    }

    private static Claim Claim(int rank, ServiceClass serviceClass, int baseline, int demand, double weight, long owed = 0) => new(
        rank, serviceClass, serviceClass is Dedicated or Guaranteed, new(baseline * 10, 0, baseline), new(demand * 10, 0, demand), weight, owed);
}
