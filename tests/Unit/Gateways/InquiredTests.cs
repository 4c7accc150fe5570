using System.Text;
using TokenLedger.Gateway.Answers;
using TokenLedger.Gateway.Upstreams;

namespace TokenLedger.Tests.Unit.Gateways;

/// <summary>What several servers say about one request, put together.</summary>
public sealed class InquiredTests
{
    private static readonly ServerSays s_none = new(Knowledge.None, null), s_runs = new(Knowledge.Runs, null), s_away = new(Knowledge.Away, null);

    [Fact]
    public void Nothing_was_used_where_no_server_knows_it() => Assert.Equal(new(null, IsSure: true), Inquired.Of([s_none, s_none]));

    [Fact]
    public void A_server_that_refused_it_used_nothing() => Assert.Equal(new(null, IsSure: true), Inquired.Of([Ended(0, 0), s_none]));

    /// <summary>Where the prompt was read and nothing made, that was used.</summary>
    [Theory]
    [InlineData(7, 0)]
    [InlineData(7, 5)]
    public void What_a_server_used_counts_and_those_that_are_away_are_not_waited_for(int input, int output)
    {
        var known = Inquired.Of([s_away, Ended(input, output), s_none]);
        Assert.Equal((input, output, true), (known.Usage!.Input, known.Usage.Output, known.IsSure));
    }

    [Fact]
    public void What_still_runs_is_waited_for() => Assert.False(Inquired.Of([Ended(7, 5), s_runs]).IsSure);

    [Fact]
    public void A_server_that_is_away_may_have_used_something() => Assert.Equal(new(null, IsSure: false), Inquired.Of([Ended(0, 0), s_away]));

    /// <summary>The others failed before their first byte reached the client: what they made was for nobody.</summary>
    [Fact]
    public void Of_several_the_one_that_made_most_carried_it_out() => Assert.Equal(9, Inquired.Of([Ended(7, 3), Ended(7, 9)]).Usage!.Output);

    private static ServerSays Ended(int input, int output)
    {
        var tally = new UsageTally();
        AnswerReading.ReadWhole(Encoding.UTF8.GetBytes($$$"""{"usage":{"prompt_tokens":{{{input}}},"completion_tokens":{{{output}}}}}"""), tally);
        return new(Knowledge.Ended, tally);
    }
}
