using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Core.Pools;

namespace TokenLedger.Tests.Unit.Core;

public sealed class TokenBucketTests
{
    private static readonly DateTimeOffset s_start = PoolScenario.Start;

    [Fact]
    public void Starts_full_and_fills_by_whole_microseconds_without_rounding()
    {
        var bucket = Bucket(3, 10);
        Assert.Equal(30, bucket.TokensAt(s_start));
        bucket.Charge(30, s_start);
        // 1/3 s for a token: after 333,333 µs it is a millionth short, and a microsecond later it is there.
        Assert.False(bucket.Allows(1, s_start.AddMicroseconds(333_333)));
        Assert.True(bucket.Allows(1, s_start.AddMicroseconds(333_334)));
        Assert.Equal(TimeSpan.FromMicroseconds(333_334), bucket.TimeUntil(1, s_start));
        Assert.Equal(29, bucket.TokensAt(s_start.AddMicroseconds(9_999_999)));
        Assert.Equal(30, bucket.TokensAt(s_start.AddSeconds(1_000)));
    }

    [Fact]
    public void Lets_a_request_dearer_than_all_of_it_pass_when_full_and_goes_into_debt()
    {
        var bucket = Bucket(100, 10);
        bucket.Charge(1, s_start);
        Assert.False(bucket.Allows(5_000, s_start));
        Assert.Equal(TimeSpan.FromMilliseconds(10), bucket.TimeUntil(5_000, s_start));
        var full = s_start.AddMilliseconds(10);
        Assert.True(bucket.Allows(5_000, full));
        bucket.Charge(5_000, full);
        Assert.Equal(-4_000, bucket.TokensAt(full));
        Assert.Equal(TimeSpan.FromSeconds(40.01), bucket.TimeUntil(1, full));
        Assert.Equal(TimeSpan.FromSeconds(50), bucket.TimeUntilFull(full));
    }

    [Fact]
    public void Rounds_debt_down_so_that_half_a_token_of_debt_is_none_left()
    {
        var bucket = Bucket(2, 1);
        bucket.Charge(3, s_start);
        Assert.Equal(-1, bucket.TokensAt(s_start.AddMicroseconds(1)));
        Assert.Equal(0, bucket.TokensAt(s_start.AddMilliseconds(500)));
    }

    [Fact]
    public void A_free_request_never_waits()
    {
        var bucket = Bucket(100, 1);
        bucket.Charge(1_000, s_start);
        Assert.True(bucket.Allows(0, s_start));
        Assert.Equal(TimeSpan.Zero, bucket.TimeUntil(0, s_start));
    }

    [Fact]
    public void A_bucket_that_never_fills_says_so()
    {
        var bucket = Bucket(0, 10);
        Assert.False(bucket.Allows(1, s_start.AddYears(1)));
        Assert.Null(bucket.TimeUntil(1, s_start));
        Assert.Equal(TimeSpan.Zero, bucket.TimeUntil(0, s_start));
        Assert.Equal(TimeSpan.Zero, bucket.TimeUntilFull(s_start));
    }

    [Fact]
    public void A_higher_rate_fills_in_time_and_a_lower_one_cuts_at_once()
    {
        var bucket = Bucket(10, 10);
        bucket.SetRate(20, 10, s_start);
        Assert.Equal((100, 200), (bucket.TokensAt(s_start), bucket.DepthTokens));
        Assert.Equal(120, bucket.TokensAt(s_start.AddSeconds(1)));
        bucket.SetRate(5, 10, s_start.AddSeconds(1));
        Assert.Equal((50, 50), (bucket.TokensAt(s_start.AddSeconds(1)), bucket.DepthTokens));
    }

    [Fact]
    public void A_rate_of_zero_keeps_the_debt()
    {
        var bucket = Bucket(10, 1);
        bucket.Charge(110, s_start);
        bucket.SetRate(0, 1, s_start);
        bucket.SetRate(10, 1, s_start.AddSeconds(100));
        Assert.Equal(-100, bucket.TokensAt(s_start.AddSeconds(100)));
    }

    [Fact]
    public void Gives_back_no_more_than_fits()
    {
        var bucket = Bucket(10, 10);
        bucket.Charge(30, s_start);
        bucket.Charge(-20, s_start);
        Assert.Equal(90, bucket.TokensAt(s_start));
        bucket.Charge(-1_000, s_start);
        Assert.Equal(100, bucket.TokensAt(s_start));
    }

    [Fact]
    public void Tells_what_it_would_allow_after_tokens_were_given_back()
    {
        var bucket = Bucket(10, 10);
        bucket.Charge(150, s_start);
        Assert.False(bucket.AllowsAfter(returned: 59, 10, s_start));
        Assert.True(bucket.AllowsAfter(returned: 60, 10, s_start));
        Assert.False(bucket.AllowsAfter(returned: 20, 10, s_start), "More is given back than is asked for, but it only pays a part of the debt.");
        Assert.True(bucket.AllowsAfter(returned: 1_000, 500, s_start));
        Assert.Equal(-50, bucket.TokensAt(s_start));
    }

    [Fact]
    public void The_largest_bucket_and_the_deepest_debt_do_not_overflow()
    {
        var bucket = Bucket(9_000_000_000_000, 1);
        for (var i = 0; i < 100_000; i++) bucket.Charge(2_000_000_000, s_start);
        Assert.Equal(9_000_000_000_000 - 200_000_000_000_000, bucket.TokensAt(s_start));
        Assert.True(bucket.TimeUntilFull(s_start) > TimeSpan.Zero);
        var slow = Bucket(1, 1);
        slow.Charge(9_000_000_000_000_000, s_start);
        Assert.Equal(TokenBucket.LongestWait, slow.TimeUntil(1, s_start));
        Assert.Equal(TokenBucket.LongestWait, slow.TimeUntilFull(s_start));
        Assert.Equal(0, Bucket(0, 3_600).TokensAt(DateTimeOffset.MaxValue));
    }

    [Fact]
    public void The_wait_it_tells_is_the_first_moment_at_which_it_allows()
    {
        var cases =
            from rate in Gen.Choose(1, 5_000)
            from burst in Gen.Choose(1, 20)
            from charged in Gen.Choose(0, 200_000)
            from later in Gen.Choose(0, 30_000_000)
            from asked in Gen.Choose(1, 150_000)
            select (rate, burst, charged, later, asked);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var bucket = Bucket(c.rate, c.burst);
            bucket.Charge(c.charged, s_start);
            var now = s_start.AddMicroseconds(c.later);
            var wait = bucket.TimeUntil(c.asked, now)!.Value;
            return bucket.Allows(c.asked, now + wait) && (wait == TimeSpan.Zero || !bucket.Allows(c.asked, now + wait - TimeSpan.FromMicroseconds(1)));
        }).Check(Properties.Of(3_000));
    }

    private static TokenBucket Bucket(long rate, int burst)
    {
        var bucket = new TokenBucket();
        bucket.SetRate(rate, burst, s_start);
        return bucket;
    }
}
