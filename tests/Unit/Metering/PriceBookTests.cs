using TokenLedger.Contracts;
using TokenLedger.Core.Metering;

namespace TokenLedger.Tests.Unit.Metering;

/// <summary>Which price holds when.</summary>
public sealed class PriceBookTests
{
    private static readonly DateTimeOffset s_march = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Prices_by_the_latest_start_of_the_lists_before_the_event_in_the_ledger()
    {
        var book = new PriceBook();
        book.Set(Set(s_march, 1), position: 10);
        book.Set(Set(s_march.AddDays(10), 2), position: 20);
        book.Set(Set(s_march.AddDays(5), 3), position: 30);
        book.Set(Set(s_march.AddDays(10), 4), position: 40);
        Assert.Null(book.Of("llama", s_march.AddTicks(-1), 100));
        Assert.Null(book.Of("llama", s_march, 10));
        Assert.Null(book.Of("other", s_march, 100));
        Assert.Null(book.Of(null, s_march, 100));
        Assert.Equal(1, Rate(book, s_march.AddDays(5), 30));
        Assert.Equal(3, Rate(book, s_march.AddDays(5), 31));
        Assert.Equal(2, Rate(book, s_march.AddDays(10), 40));
        Assert.Equal(4, Rate(book, s_march.AddDays(10), 41));
    }

    [Theory]
    [InlineData(PriceKind.Input, ServiceClass.Dedicated, 1)]
    [InlineData(PriceKind.Input, ServiceClass.Spot, 2)]
    [InlineData(PriceKind.Input, null, 1)]
    [InlineData(PriceKind.CachedInput, ServiceClass.Spot, 2)]
    [InlineData(PriceKind.Output, ServiceClass.Spot, 3)]
    [InlineData(PriceKind.Reasoning, ServiceClass.Spot, 3)]
    [InlineData(PriceKind.Committed, ServiceClass.Spot, null)]
    [InlineData(PriceKind.Committed, ServiceClass.Dedicated, 4)]
    public void Prefers_the_rate_of_the_class_and_falls_back_on_the_whole(PriceKind kind, ServiceClass? serviceClass, int? rate) => Assert.Equal(rate, new PriceList(new(
        "llama", s_march, [new(PriceKind.Input, 1), new(PriceKind.Input, 2, ServiceClass.Spot), new(PriceKind.Output, 3), new(PriceKind.Committed, 4, ServiceClass.Dedicated)], "tests"), 1)
        .RateOf(kind, serviceClass));

    private static long? Rate(PriceBook book, DateTimeOffset at, long position) => book.Of("llama", at, position)?.RateOf(PriceKind.Input, null);

    private static PriceSet Set(DateTimeOffset from, long rate) => new("llama", from, [new(PriceKind.Input, rate)], "tests");
}
