using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using static TokenLedger.Contracts.ServiceClass;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>What holds for every division of every pool.</summary>
public sealed class AllocationProperties
{
    private const int Cases = 3_000;

    private static readonly Capacity s_least = new(1, 1, 1);

    private static readonly Gen<Capacity> s_amount =
        from tokens in Gen.Choose(0, 400)
        from kv in Gen.Frequency((3, Gen.Choose(0, 9_000)), (1, Gen.Constant(0)))
        from sequences in Gen.Choose(0, 30)
        select new Capacity(tokens, kv, sequences);

    /// <summary>A request uses something of everything, so who asks at all asks for something in each dimension.</summary>
    private static readonly Gen<Capacity> s_demand = Gen.Frequency((5, s_amount.Select(amount => amount + s_least)), (1, Gen.Constant(default(Capacity))));

    private static readonly Gen<Claim> s_claim =
        from serviceClass in Gen.Elements(Dedicated, Guaranteed, ServiceClass.Elastic, ServiceClass.Elastic, Spot, Preemptible)
        from baseline in s_amount
        from demand in s_demand
        from weight in Gen.Choose(1, 100_000)
        from owed in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(1, 5_000)))
        from bound in Gen.Choose(0, 4)
        select new Claim(
            0, serviceClass, bound > 0 && serviceClass is (Dedicated or Guaranteed), serviceClass is Spot or Preemptible ? default : baseline, demand, weight / 1_000.0,
            serviceClass == ServiceClass.Elastic ? owed : 0);

    /// <summary>Floors fit the capacity, as the pool sees to.</summary>
    private static readonly Arbitrary<Case> s_cases = (
        from claims in Gen.ArrayOf(s_claim)
        from spare in s_amount
        from lending in Gen.Elements(0.0, 0.3, 1.0)
        select new Case(claims.Where(c => c.HasFloor).Aggregate(spare + s_least, (sum, c) => sum + c.Baseline), lending, [.. claims.Select((c, rank) => c with { Rank = rank })])).ToArbitrary();

    private static readonly Func<Capacity, long>[] s_dimensions = [c => c.TokensPerSecond, c => c.KvCacheBytes, c => c.Sequences];

    [Fact]
    public void Shares_sum_to_the_capacity_where_demand_reaches_it_and_never_beyond() => Holds((@case, of, shares) =>
    {
        var wanted = @case.Claims.Zip(shares).Sum(p => Math.Max(of(p.First.Demand) is var d && p.First.MayBurst ? d : Math.Min(d, of(p.First.Baseline)), of(Reserved(p.First, @case.Lending))));
        Assert.Equal(Math.Min(wanted, of(@case.Capacity)), shares.Sum(of));
    });

    [Fact]
    public void Floors_are_never_broken() => Holds((@case, of, shares) =>
    {
        foreach (var (claim, share) in @case.Claims.Zip(shares).Where(p => p.First.HasFloor))
            Assert.True(of(share) >= Math.Min(of(claim.Baseline), Math.Max(of(claim.Demand), claim.ServiceClass == Dedicated ? of(claim.Baseline) : 0)), $"{claim} got {share}");
    });

    [Fact]
    public void Nobody_gets_more_than_it_asks_for_or_has_reserved() => Holds((@case, of, shares) =>
    {
        foreach (var (claim, share) in @case.Claims.Zip(shares))
            Assert.True(of(share) >= 0 && of(share) <= Math.Max(of(claim.Demand), of(Reserved(claim, @case.Lending))), $"{claim} got {share}");
    });

    [Fact]
    public void Limits_are_never_below_shares_and_a_bound_guaranteed_one_is_its_baseline() => Check(@case =>
    {
        foreach (var (claim, allotment) in @case.Claims.Zip(@case.Divide()))
        {
            Assert.True(allotment.Limit.FitsIn(@case.Capacity), $"{claim} may use {allotment.Limit}");
            if (claim is { ServiceClass: Guaranteed, HasFloor: true }) Assert.Equal(claim.Baseline, allotment.Limit);
            else Assert.True(allotment.Share.FitsIn(allotment.Limit), $"{claim} got {allotment}");
        }
    });

    [Fact]
    public void More_weight_never_gets_less() => Check(@case =>
    {
        if (@case.Claims.Length == 0) return;
        // The same tenant twice; the second weighs more.
        var one = @case.Claims[0] with { HasFloor = false };
        Claim[] claims = [.. @case.Claims[1..], one with { Rank = 1_000 }, one with { Rank = 1_001, Weight = one.Weight * 1.5 }];
        var shares = (@case with { Claims = claims }).Divide();
        Assert.All(s_dimensions, of => Assert.True(of(shares[^1].Share) >= of(shares[^2].Share), $"{shares[^2]} and, with more weight, {shares[^1]}"));
    });

    [Fact]
    public void A_pool_k_times_as_large_under_k_times_the_demand_gives_k_times_the_shares() => Check(@case =>
    {
        const int k = 7;
        // What is lent is rounded down, which the rounding of shares comes on top of.
        @case = @case with { Lending = Math.Round(@case.Lending) };
        var large = @case with
        {
            Capacity = @case.Capacity * k,
            Claims = [.. @case.Claims.Select(c => c with { Baseline = c.Baseline * k, Demand = c.Demand * k, OwedTokens = c.OwedTokens * k })],
        };
        foreach (var (small, big) in @case.Divide().Zip(large.Divide()))
            Assert.All(s_dimensions, of => Assert.InRange(of(big.Share) - k * of(small.Share), -3 * k, 3 * k));
    });

    [Fact]
    public void The_order_of_the_claims_does_not_matter() => Check(@case =>
    {
        var reversed = @case with { Claims = [.. @case.Claims.Reverse()] };
        Assert.Equal(@case.Divide(), reversed.Divide().Reverse());
    });

    [Fact]
    public void Spot_and_preemptible_get_nothing_of_what_an_owed_elastic_tenant_still_wants() => Holds((@case, of, shares) =>
    {
        if (!@case.Claims.Zip(shares).Any(p => p.First is { ServiceClass: ServiceClass.Elastic, OwedTokens: > 0 } && of(p.Second) < of(p.First.Demand))) return;
        Assert.All(@case.Claims.Zip(shares).Where(p => p.First.ServiceClass is Spot or Preemptible), p => Assert.Equal(0, of(p.Second)));
    });

    /// <summary>What a floor keeps, whole or less what is lent.</summary>
    private static Capacity Reserved(Claim claim, double lending)
    {
        if (!claim.HasFloor) return default;
        var idle = claim.ServiceClass == Guaranteed ? claim.Baseline.Less(claim.Demand) : default;
        return new(
            claim.Baseline.TokensPerSecond - (long)(lending * idle.TokensPerSecond), claim.Baseline.KvCacheBytes - (long)(lending * idle.KvCacheBytes),
            claim.Baseline.Sequences - (int)(lending * idle.Sequences));
    }

    private static void Holds(Action<Case, Func<Capacity, long>, Capacity[]> property) => Check(@case =>
    {
        var shares = Array.ConvertAll(@case.Divide(), a => a.Share);
        foreach (var of in s_dimensions) property(@case, of, shares);
    });

    private static void Check(Action<Case> property) => Prop.ForAll(s_cases, property).Check(Properties.Of(Cases));

    private sealed record Case(Capacity Capacity, double Lending, Claim[] Claims)
    {
        public Allotment[] Divide() => Allocation.Divide(Capacity, Lending, Claims);

        public override string ToString() => $"{Capacity} lending {Lending}: {string.Join(" | ", Claims.Select(c => c.ToString()))}";
    }
}
