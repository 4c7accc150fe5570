using System.Text.Json.Nodes;
using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Fairness from a refusal to the weight that the pool decides with.</summary>
public sealed class FairnessApiTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static readonly PoolId s_pool = new("pool");
    private readonly ApiInstance _api = fixture.Api;

    [Fact]
    public async Task Gives_an_elastic_entitlement_debt_for_what_it_was_refused()
    {
        var narrow = Bodies.Pool().But("replicas", "1").But("perReplica.sequences", "1").But("perReplica.tokensPerSecond", "1000").But("tickMs", "100");
        await _api.OpenPoolAsync("pool", narrow);
        var gateway = await _api.EnterAsync("pool", "chat", Bodies.Entitlement("elastic").But("baseline.sequences", "1").But("baseline.tokensPerSecond", "1000"));
        await _api.Events.UntilAsync(async () => (await _api.Operator.GetAsync("/v1/pools/pool/fairness")).MustBe(200).Json["tickAt"] is not null);
        (await gateway.AdmitAsync(Guid.NewGuid(), input: 1, output: 1)).MustBe(201);
        for (var n = 0; n < 5; n++) (await gateway.AdmitAsync(Guid.NewGuid(), input: 5_000)).MustRefuse(429, "concurrency-exceeded");
        var (position, adjusted) = await _api.Events.FirstAsync<LimitsAdjusted>(e => e.Pool == s_pool && e.Entitlements.Any(share => share.Debt > 0));
        Assert.True(Assert.Single(adjusted.Entitlements) is { OwedTokens: > 0 } share && share.DemandTokens > share.ReceivedTokens);
        await _api.Events.FirstAsync<LimitsApplied>(e => e.LimitsPosition == position && e.Limits.Single().Debt > 0);
        // One tick more may be under way; then it stands still, and all views must come to agree.
        (await _api.Operator.PutAsync("/v1/pools/pool", narrow.But("tickMs", "3600000"))).MustBe(200);
        await _api.Events.UntilAsync(AgreesAsync);
        await AssertHistoryAsync(position);
    }

    [Fact]
    public async Task Divides_a_pool_that_two_tenants_want_more_of_than_there_is()
    {
        await _api.OpenPoolAsync("divided", Bodies.Pool().But("replicas", "1").But("perReplica.sequences", "4").But("perReplica.tokensPerSecond", "1000").But("tickMs", "100"));
        var terms = Bodies.Entitlement("elastic").But("baseline.sequences", "2").But("baseline.tokensPerSecond", "500");
        var (first, second) = (await _api.EnterAsync("divided", "first", terms), await _api.EnterAsync("divided", "second", terms));
        await _api.Events.UntilAsync(async () => (await _api.Operator.GetAsync("/v1/pools/divided/fairness")).MustBe(200).Json["tickAt"] is not null);
        for (var n = 0; n < 4; n++) (await first.AdmitAsync(Guid.NewGuid(), input: 1, output: 999)).MustBe(201);
        // Whoever comes late finds all taken and waits; both are due the same, so the limits are theirs by halves.
        for (var n = 0; n < 4; n++) (await second.AdmitAsync(Guid.NewGuid(), input: 100_000)).MustBe(429);
        await _api.Events.FirstAsync<LimitsApplied>(e => e.Pool.Value == "divided" && e.Limits.Any(l => l.Entitlement.Value == "first" && l.Limits.Sequences == 2));
        await _api.Events.FirstAsync<LimitsApplied>(e => e.Pool.Value == "divided" && e.Limits.Any(l => l.Entitlement.Value == "second" && l.OwedTokens > 0));
    }

    private async Task<bool> AgreesAsync()
    {
        var last = (await _api.Events.AllAsync<LimitsAdjusted>(e => e.Pool == s_pool))[^1];
        var share = last.Data.Entitlements.Single();
        var fairness = (await _api.Operator.GetAsync("/v1/pools/pool/fairness")).MustBe(200).Json;
        var pool = (await _api.LookAsync("pool", "chat")).Entitlement;
        // What Fairness knows may have moved on by less than it publishes.
        return Matches(fairness["entitlements"]![0]!, share, fairness["entitlements"]![0]!["limits"]!, FairnessNews.Step) && Matches(pool, share, pool["effectiveLimits"]!, 0)
            && (long)fairness["ledgerPosition"]! >= last.Position;
    }

    private static bool Matches(JsonNode shown, FairnessShare share, JsonNode limits, double within) =>
        Math.Abs((double)shown["debt"]! - share.Debt) <= within && Math.Abs((double)shown["burst"]! - share.Burst) <= within
        && ((long)limits["tokensPerSecond"]!, (long)limits["kvCacheBytes"]!, (int)limits["sequences"]!) == (share.Limits.TokensPerSecond, share.Limits.KvCacheBytes, share.Limits.Sequences);

    private async Task AssertHistoryAsync(long firstDebt)
    {
        var history = (await _api.Operator.GetAsync("/v1/pools/pool/fairness/history")).MustBe(200).Json["ticks"]!.AsArray();
        var recorded = await _api.Events.AllAsync<LimitsAdjusted>(e => e.Pool == s_pool);
        Assert.Equal(recorded.Select(e => e.Position), history.Select(tick => (long)tick!["ledgerPosition"]!));
        Assert.Equal(recorded.Select(e => e.Data.Entitlements.Single().Debt), history.Select(tick => (double)tick!["entitlements"]![0]!["debt"]!));
        var from = (string)history.Single(tick => (long)tick!["ledgerPosition"]! == firstDebt)!["tickAt"]!;
        var since = (await _api.Operator.GetAsync($"/v1/pools/pool/fairness/history?from={from}")).MustBe(200).Json["ticks"]!.AsArray();
        var before = (await _api.Operator.GetAsync($"/v1/pools/pool/fairness/history?to={from}")).MustBe(200).Json["ticks"]!.AsArray();
        Assert.Equal(history.Count, since.Count + before.Count);
        Assert.Equal(firstDebt, (long)since[0]!["ledgerPosition"]!);
    }

    [Fact]
    public async Task Knows_a_pool_as_soon_as_it_is_open()
    {
        await _api.OpenPoolAsync("new");
        var fairness = (await _api.Operator.GetAsync("/v1/pools/new/fairness")).MustBe(200).Json;
        Assert.Equal(("new", 1.0, 0), ((string?)fairness["pool"], (double)fairness["jainIndex"]!, fairness["entitlements"]!.AsArray().Count));
        Assert.Empty((await _api.Operator.GetAsync("/v1/pools/new/fairness/history")).MustBe(200).Json["ticks"]!.AsArray());
    }
}
