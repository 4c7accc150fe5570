using System.Diagnostics;
using TokenLedger.Hosting;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Tests.Integration.Hosting;

/// <summary>What counts as a key in a text, and what is left of it.</summary>
public sealed class KeylessTests
{
    [Theory]
    [InlineData("GET /v1/models?key=abc&a=b", "GET /v1/models?key=(key)&a=b")]
    [InlineData("GET /v1/models?a=b&API_KEY=abc HTTP/1.1", "GET /v1/models?a=b&API_KEY=(key) HTTP/1.1")]
    [InlineData("GET /tli_0123_abcdef/x", "GET /(key)/x")]
    [InlineData("tlo_0123_abcdef and tli_0123_abcdef", "(key) and (key)")]
    [InlineData("GET /v1/models?k%65y=abc", "(a text that holds a key)")]
    [InlineData("GET /v1/models/tli%5F0123%5Fabcdef", "(a text that holds a key)")]
    [InlineData("GET /v1/usage?monkey=abc&token_s=1", null)]
    [InlineData("GET /v1/models?key=(key)", null)]
    [InlineData("100 % of it", null)]
    public void Blackens_keys_and_nothing_else(string text, string? black)
    {
        Assert.Equal(black is not null, WrittenKeys.In(text));
        Assert.Equal(black ?? text, WrittenKeys.Blacken(text));
    }

    [Fact]
    public void Keeps_keys_out_of_spans()
    {
        using var spans = new KeylessSpans();
        using var span = new Activity("GET").SetTag("url.path", "/v1/models/tli_0123_abcdef").SetTag("url.scheme", "http");
        spans.OnEnd(span);
        Assert.Equal(("/v1/models/(key)", "http"), (span.GetTagItem("url.path"), span.GetTagItem("url.scheme")));
    }
}
