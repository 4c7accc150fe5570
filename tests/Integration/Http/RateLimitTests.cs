using System.Globalization;
using System.Text.RegularExpressions;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>What a client is told about its limits, and when to come back.</summary>
public sealed partial class RateLimitTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiInstance _api = fixture.Api;

    [GeneratedRegex(@"^(\d+ms|((\d+h)?\d+m)?\d+s)$")]
    private static partial Regex Duration();

    [GeneratedRegex("""^"requests";r=(?<requests>\d+);t=\d+, "tokens";r=(?<tokens>\d+);t=\d+$""")]
    private static partial Regex RateLimit();

    [Fact]
    public async Task Tells_an_admitted_client_what_it_has_left()
    {
        await _api.OpenPoolAsync("left");
        var gateway = await _api.EnterAsync("left", "chat");
        (await gateway.AdmitAsync(Guid.NewGuid())).MustBe(201);
        var answer = (await gateway.AdmitAsync(Guid.NewGuid())).MustBe(201);
        HasHeaders(answer, sequences: 8, sequencesLeft: 6, tokens: 100_000);
        // The bucket fills while the test runs, but no request gives back more than it took.
        Assert.InRange(long.Parse(answer.Header("x-ratelimit-remaining-tokens"), CultureInfo.InvariantCulture), 99_700, 99_850);
        Assert.False(answer.Headers.ContainsKey("Retry-After"));
    }

    [Theory]
    [InlineData("concurrency-exceeded", "baseline.sequences", "1")]
    [InlineData("tokens-exceeded", "baseline.tokensPerSecond", "15")]
    [InlineData("kv-exceeded", "baseline.kvCacheBytes", "200000")]
    public async Task Tells_a_refused_client_when_to_come_back(string reason, string field, string value)
    {
        await _api.OpenPoolAsync(reason);
        var gateway = await _api.EnterAsync(reason, "chat", Bodies.Entitlement().But(field, value));
        (await gateway.AdmitAsync(Guid.NewGuid())).MustBe(201);
        var refused = (await gateway.AdmitAsync(Guid.NewGuid())).MustRefuse(429, reason);
        ComesBack(refused, atMost: reason == "tokens-exceeded" ? 10_000 : 300_000);
        HasHeaders(refused, sequences: field == "baseline.sequences" ? 1 : 8, sequencesLeft: field == "baseline.sequences" ? 0 : 7, tokens: field == "baseline.tokensPerSecond" ? 150 : 100_000);
    }

    [Fact]
    public async Task Tells_a_client_when_a_full_pool_has_room_again()
    {
        await _api.OpenPoolAsync("full", Bodies.Pool().But("replicas", "1").But("perReplica.sequences", "1"));
        var first = await _api.EnterAsync("full", "first", Bodies.Entitlement("elastic").But("baseline.sequences", "1"));
        var second = await _api.EnterAsync("full", "second", Bodies.Entitlement("spot").Without("baseline"));
        (await first.AdmitAsync(Guid.NewGuid())).MustBe(201);
        var refused = (await second.AdmitAsync(Guid.NewGuid())).MustRefuse(429, "pool-exhausted");
        ComesBack(refused, atMost: 300_000);
        HasHeaders(refused, sequences: 1, sequencesLeft: 1, tokens: 1_000_000);
    }

    private static void ComesBack(ApiAnswer refused, long atMost)
    {
        var milliseconds = refused.Long("retryAfterMs");
        Assert.InRange(milliseconds, 1_000, atMost);
        Assert.Equal(((milliseconds + 999) / 1_000).ToString(CultureInfo.InvariantCulture), refused.Header("Retry-After"));
    }

    private static void HasHeaders(ApiAnswer answer, int sequences, int sequencesLeft, long tokens)
    {
        var tokensLeft = answer.Header("x-ratelimit-remaining-tokens");
        Assert.Equal((Text(sequences), Text(sequencesLeft), Text(tokens)),
            (answer.Header("x-ratelimit-limit-requests"), answer.Header("x-ratelimit-remaining-requests"), answer.Header("x-ratelimit-limit-tokens")));
        Assert.Matches(Duration(), answer.Header("x-ratelimit-reset-requests"));
        Assert.Matches(Duration(), answer.Header("x-ratelimit-reset-tokens"));
        Assert.Equal($"\"requests\";q={sequences}, \"tokens\";q={tokens}", answer.Header("RateLimit-Policy"));
        var limit = RateLimit().Match(answer.Header("RateLimit"));
        Assert.Equal((true, Text(sequencesLeft), tokensLeft), (limit.Success, limit.Groups["requests"].Value, limit.Groups["tokens"].Value));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
