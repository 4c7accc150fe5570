using System.Text;
using TokenLedger.Gateway.Requests;

namespace TokenLedger.Tests.Unit.Gateways;

/// <summary>What is read from a body, and how its input is estimated.</summary>
public sealed class ProxiedRequestTests
{
    [Fact]
    public void Reads_what_it_needs_and_leaves_the_rest()
    {
        var request = Read("""{"x":{"model":"no"},"model":"m","stream":true,"n":2,"max_tokens":10,"messages":[{"role":"user","content":[{"type":"text","text":"abcdef"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}],"stream_options":{"include_usage":true}}""");
        Assert.Equal(("m", true, 20L, true, false), (request.Model, request.Stream, request.MaxOutputTokens, request.IncludeUsage, request.ContinuousUsage));
        Assert.Equal("user".Length + "text".Length + "abcdef".Length + "image_url".Length, request.PromptBytes);
    }

    [Theory]
    [InlineData("""{"prompt":[1,2,3]}""", 3)]
    [InlineData("""{"prompt":[[1,2],[3]]}""", 3)]
    [InlineData("""{"prompt":"text","tools":[{"a":5}]}""", 0)]
    public void Counts_tokens_that_are_named_one_by_one(string body, int tokens) => Assert.Equal(tokens, Read(body).PromptTokens);

    [Fact]
    public void Knows_no_limit_where_none_is_named() => Assert.Null(Read("""{"prompt":"a","n":3}""").MaxOutputTokens);

    [Fact]
    public void Shares_the_hashes_of_the_blocks_that_two_prompts_share()
    {
        var beginning = new string('a', 600);
        var (one, two) = (Read($$"""{"prompt":"{{beginning}}{{new string('b', 600)}}"}"""), Read($$"""{"prompt":"{{beginning}}{{new string('c', 600)}}"}"""));
        Assert.Equal((4, 4), (one.Blocks.Hashes.Count, two.Blocks.Hashes.Count));
        Assert.Equal([true, true, false, false], one.Blocks.Hashes.Zip(two.Blocks.Hashes).Select(pair => pair.First == pair.Second));
    }

    [Fact]
    public void Takes_a_token_for_four_bytes_until_it_has_learned_better()
    {
        var estimates = new InputEstimates();
        Assert.Equal(25 + 7, estimates.Estimate("m", 100, 7));
        for (var i = 0; i < 100; i++) estimates.Learn("m", 1_000, 200);
        Assert.Equal((20, 25), (estimates.Estimate("m", 100, 0), estimates.Estimate("other", 100, 0)));
    }

    /// <summary>The bound that docs/gateways.md states: after 32 answers, texts between 4 and 6 bytes a token are estimated within 30 %.</summary>
    [Fact]
    public void Estimates_within_thirty_percent_when_it_has_learned()
    {
        var (estimates, random) = (new InputEstimates(), new Random(7));
        for (var i = 0; i < 1_000; i++)
        {
            var tokens = random.Next(10, 4_000);
            var bytes = (long)(tokens * (4 + 2 * random.NextDouble()));
            if (i >= 32) Assert.InRange(estimates.Estimate("m", bytes, 0) / (double)tokens, 0.7, 1.3);
            estimates.Learn("m", bytes, tokens);
        }
    }

    private static ProxiedRequest Read(string body)
    {
        Assert.Null(ProxiedRequest.Read(Api.Chat, Encoding.UTF8.GetBytes(body), out var request));
        return request;
    }
}
