using TokenLedger.Cli;
using TokenLedger.Cli.Commands;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Tests.Unit.Cli;

/// <summary>How rates are written on the command line.</summary>
public sealed class PricesCommandTests
{
    [Fact]
    public void Reads_a_rate_with_and_without_a_class()
    {
        Assert.Equal(new RateShape(PriceKind.CachedInput, 75_000), PricesCommand.Rate("cached-input=75000"));
        Assert.Equal(new RateShape(PriceKind.Output, 450_000, ServiceClass.Spot), PricesCommand.Rate("output:spot=450000"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("input")]
    [InlineData("input=")]
    [InlineData("input=-1")]
    [InlineData("input=1.5")]
    [InlineData("Input=1")]
    [InlineData("input:gold=1")]
    [InlineData("input:spot:spot=1")]
    [InlineData("input=1=2")]
    public void Refuses_what_is_no_rate(string text) => Assert.Contains($"'{text}'", Assert.Throws<CommandFailure>(() => PricesCommand.Rate(text)).Message, StringComparison.Ordinal);
}
