using TokenLedger.Contracts;
using TokenLedger.Core.Metering;

namespace TokenLedger.Tests.Unit.Metering;

/// <summary>What a baseline commits in an hour.</summary>
public sealed class CommitmentsTests
{
    private static readonly PoolId s_pool = new("pool");
    private static readonly EntitlementId s_gold = new("gold");
    private static readonly DateTimeOffset s_noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly Commitments _commitments = new();

    [Fact]
    public void Commits_the_rate_for_each_second_it_is_granted()
    {
        Grant(100, s_noon.AddMinutes(15));
        Assert.Null(At(s_noon.AddHours(-1)));
        Assert.Equal(100 * 2_700, At(s_noon));
        Assert.Equal(100 * 3_600, At(s_noon.AddHours(1)));
        _commitments.Evolve(new EntitlementAmended(s_pool, s_gold, Terms(10)), s_noon.AddMinutes(75));
        Assert.Equal(100 * 900 + 10 * 2_700, At(s_noon.AddHours(1)));
        _commitments.Evolve(new EntitlementRevoked(s_pool, s_gold), s_noon.AddMinutes(121));
        Assert.Equal(10 * 60, At(s_noon.AddHours(2)));
        Assert.Null(At(s_noon.AddHours(3)));
        Assert.Equal([s_noon, s_noon.AddHours(1), s_noon.AddHours(2)], _commitments.Between(s_noon.AddHours(-9), s_noon.AddHours(9)).Select(found => found.Hour.Hour));
    }

    [Fact]
    public void Keeps_to_the_validity()
    {
        _commitments.Evolve(new EntitlementGranted(s_pool, s_gold, Terms(100) with { ValidFrom = s_noon.AddMinutes(30), ValidTo = s_noon.AddMinutes(90) }), s_noon);
        Assert.Equal((100 * 1_800, 100 * 1_800, null), (At(s_noon), At(s_noon.AddHours(1)), At(s_noon.AddHours(2))));
    }

    [Theory]
    [InlineData(ServiceClass.Dedicated, true)]
    [InlineData(ServiceClass.Guaranteed, true)]
    [InlineData(ServiceClass.Elastic, true)]
    [InlineData(ServiceClass.Spot, false)]
    [InlineData(ServiceClass.Preemptible, false)]
    public void Commits_for_classes_with_a_baseline(ServiceClass serviceClass, bool commits)
    {
        _commitments.Evolve(new EntitlementGranted(s_pool, s_gold, Terms(100) with { ServiceClass = serviceClass }), s_noon);
        Assert.Equal(commits, At(s_noon) is not null);
    }

    [Fact]
    public void Bounds_what_an_hour_commits()
    {
        Grant(1L << 53, s_noon);
        Assert.Equal(Commitments.MostTokens, At(s_noon));
    }

    [Fact]
    public void Does_not_rewrite_what_held_when_a_clock_was_put_back()
    {
        Grant(100, s_noon);
        _commitments.Evolve(new EntitlementAmended(s_pool, s_gold, Terms(10)), s_noon.AddHours(-3));
        Assert.Null(At(s_noon.AddHours(-1)));
        Assert.Equal(10 * 3_600, At(s_noon));
    }

    private long? At(DateTimeOffset hour) => _commitments.Of(new(s_pool, s_gold, hour))?.Tokens;

    private void Grant(long rate, DateTimeOffset at) => _commitments.Evolve(new EntitlementGranted(s_pool, s_gold, Terms(rate)), at);

    private static EntitlementTerms Terms(long rate) => new(new("acme"), ServiceClass.Guaranteed, 500, new(rate, 1, 1), null, null);
}
