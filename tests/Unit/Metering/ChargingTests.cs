using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Contracts;
using TokenLedger.Core.Metering;
using TokenLedger.Tests.Unit.Core;

namespace TokenLedger.Tests.Unit.Metering;

/// <summary>What an entry costs, by examples that can be counted by hand and by what holds for all.</summary>
public sealed class ChargingTests
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Arbitrary<int> s_amounts = Gen.Choose(0, 100_000).ToArbitrary();

    [Theory]
    [InlineData(1_000_000, 300_000, 300_000)]
    [InlineData(1, 500_000, 0)] // Half goes to the even one: 0,
    [InlineData(3, 500_000, 2)] // and here to 2.
    [InlineData(-3, 500_000, -2)]
    [InlineData(-1, 500_000, 0)]
    [InlineData(1, 500_001, 1)]
    [InlineData(-1, 500_001, -1)]
    [InlineData(7, 0, 0)]
    public void Rounds_half_to_even_and_alike_below_zero(long tokens, long rate, long micros) => Assert.Equal(micros, Charging.Micros(tokens, rate));

    [Fact]
    public void Rounds_as_decimal_arithmetic_does() => Check.One(Properties.Of(2_000), Prop.ForAll(ArbMap.Default.ArbFor<int>(), ArbMap.Default.ArbFor<int>(), (tokens, rate) =>
        Charging.Micros(tokens, rate) == (long)decimal.Round((decimal)tokens * rate / 1_000_000m, MidpointRounding.ToEven)));

    [Fact]
    public void Uses_the_commitment_up_in_the_order_of_kinds()
    {
        var parts = Charging.Of(new(Input: 100, CachedInput: 50, Output: 30, Reasoning: 20), ServiceClass.Guaranteed, Prices(committed: 1_000_000), cover: 120);
        Assert.Equal(
        [
            new(PriceKind.Input, PricingCategory.Committed, CommitmentStatus.Used, 100, 100),
            new(PriceKind.CachedInput, PricingCategory.Committed, CommitmentStatus.Used, 20, 20),
            new(PriceKind.CachedInput, PricingCategory.Standard, null, 30, 60),
            new(PriceKind.Output, PricingCategory.Standard, null, 30, 120),
            new(PriceKind.Reasoning, PricingCategory.Standard, null, 20, 80),
        ], parts);
    }

    [Fact]
    public void Covers_nothing_without_a_committed_rate() =>
        Assert.Equal([new(PriceKind.Input, PricingCategory.Standard, null, 100, 200)], Charging.Of(new(100, 0, 0, 0), ServiceClass.Dedicated, Prices(committed: null), cover: 1_000));

    [Theory]
    [InlineData(ServiceClass.Spot, PricingCategory.Dynamic)]
    [InlineData(ServiceClass.Preemptible, PricingCategory.Dynamic)]
    [InlineData(ServiceClass.Elastic, PricingCategory.Standard)]
    public void Names_what_nothing_covers(ServiceClass serviceClass, PricingCategory category) => Assert.Equal(category, Charging.CategoryOf(serviceClass));

    [Fact]
    public void Counts_tokens_that_have_no_price() =>
        Assert.Equal([new(PriceKind.Output, PricingCategory.Standard, null, 7, 0)], Charging.Of(new(0, 0, 7, 0), null, prices: null, cover: 0));

    [Fact]
    public void Keeps_every_token_and_its_kind_however_much_is_covered() => Check.One(Properties.Of(1_000), Prop.ForAll(s_amounts, s_amounts, s_amounts, (input, output, cover) =>
    {
        var (cached, tokens) = (input % 1_013, new TokenKinds(input, input % 1_013, output, input % 97));
        var parts = Charging.Of(tokens, ServiceClass.Elastic, Prices(1), cover);
        return Enum.GetValues<PriceKind>().All(kind => parts.Where(part => part.Kind == kind).Sum(part => part.Tokens) == tokens[kind])
            && Charging.CoveredOf(parts) == Math.Min(cover, input + cached + output + input % 97) && parts.TrueForAll(part => part.Tokens > 0);
    }));

    [Fact]
    public void Comes_by_a_correction_to_what_the_right_report_would_have_cost() => Check.One(Properties.Of(1_000), Prop.ForAll(s_amounts, s_amounts, s_amounts, (before, after, cover) =>
    {
        var (prices, wrong, right) = (Prices(333_333), new TokenKinds(before, 3, before / 7, 0), new TokenKinds(after, 0, after / 5, 1));
        var first = Charging.Of(wrong, ServiceClass.Elastic, prices, cover);
        var then = Charging.Of(right, ServiceClass.Elastic, prices, cover);
        return Sums(first.Concat(Charging.Change(first, then))).SequenceEqual(Sums(then));
    }));

    [Fact]
    public void Takes_back_as_unused_what_late_usage_covers()
    {
        var parts = Charging.Of(new(100, 0, 10, 0), ServiceClass.Guaranteed, Prices(committed: 500_001), cover: 105);
        var credit = Charging.Credit(parts)!.Value;
        Assert.Equal((-105, -parts.Where(part => part.Commitment == CommitmentStatus.Used).Sum(part => part.Micros)), (credit.Tokens, credit.Micros));
        Assert.Null(Charging.Credit(Charging.Of(new(100, 0, 0, 0), ServiceClass.Spot, Prices(1), cover: 0)));
    }

    private static IEnumerable<(PriceKind, PricingCategory, CommitmentStatus?, long, long)> Sums(IEnumerable<ChargedPart> parts) => parts
        .GroupBy(part => (part.Kind, part.Category, part.Commitment)).Select(g => (g.Key.Kind, g.Key.Category, g.Key.Commitment, g.Sum(p => p.Tokens), g.Sum(p => p.Micros)))
        .Where(sum => sum.Item4 != 0 || sum.Item5 != 0).Order();

    private static PriceList Prices(long? committed)
    {
        List<PriceRate> rates = [new(PriceKind.Input, 2_000_000), new(PriceKind.Output, 4_000_000)];
        if (committed is { } rate) rates.Add(new(PriceKind.Committed, rate));
        return new(new("llama", s_start, rates, "tests"), 1);
    }
}
