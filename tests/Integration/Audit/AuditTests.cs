using System.Text.Json;
using TokenLedger.Cli.Replay;
using TokenLedger.Cli.WhatIf;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Core.Replay;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Audit;

/// <summary>What the product answered, from its ledger alone: read from the API and from the database.</summary>
public sealed class AuditTests(AuditFixture fixture) : IClassFixture<AuditFixture>
{
    public static TheoryData<bool> Sources => [false, true];

    [Theory, MemberData(nameof(Sources))]
    public async Task Shows_the_pool_as_the_API_did_at_the_time_and_as_it_does_now(bool database)
    {
        await using var source = fixture.Source(database);
        Assert.Equal(fixture.EarlierPool, await PoolAsync(source, fixture.Earlier));
        Assert.Equal((await fixture.Api.Operator.GetAsync("/v1/pools/audited")).MustBe(200).Body, await PoolAsync(source, await source.HeadAsync(Within.Patience())));
    }

    [Theory, MemberData(nameof(Sources))]
    public async Task Shows_usage_as_the_API_does(bool database)
    {
        await using var source = fixture.Source(database);
        var head = await source.HeadAsync(Within.Patience());
        // The ledger may grow meanwhile, by a fairness tick: the answer says at which position it is true.
        var answer = (await fixture.Api.Operator.GetAsync($"/v1/usage?groupBy=tenant,pool,entitlement,model&atLeast={head}")).MustBe(200);
        var report = await new PastViews(source, answer.Position, default).UsageAsync(pool: null, tenant: null, Within.Patience());
        Assert.Equal(answer.Body, JsonSerializer.Serialize(report, HttpJson.Default.UsageReport));
        Assert.Empty((await new PastViews(source, fixture.Earlier, default).UsageAsync(null, null, Within.Patience())).Rows);
    }

    [Theory, MemberData(nameof(Sources))]
    public async Task Shows_fairness_as_it_was_published(bool database)
    {
        await using var source = fixture.Source(database);
        var head = await source.HeadAsync(Within.Patience());
        await fixture.Api.Follower("fairness-demand").WaitForAsync(head, Within.Patience());
        var view = await new PastViews(source, head, default).FairnessAsync(AuditFixture.Pool, tenant: null, Within.Patience());
        var published = (await fixture.Api.Operator.GetAsync("/v1/pools/audited/fairness/history")).MustBe(200).Json["ticks"]!.AsArray()[^1]!;
        Assert.Equal((string)published["tickAt"]!, JsonSerializer.SerializeToNode(view, HttpJson.Default.FairnessView)!["tickAt"]!.ToString());
        Assert.Contains(view.Entitlements, e => e.Entitlement.Value == "chat" && e.Burst > 0);
        Assert.Equal((await fixture.Api.Operator.GetAsync("/v1/pools/audited")).Json["entitlements"]!.AsArray().Select(e => (double)e!["burst"]!).Max(), view.Entitlements.Max(e => e.Burst));
    }

    [Theory, MemberData(nameof(Sources))]
    public async Task Finds_the_last_position_of_a_time(bool database)
    {
        await using var source = fixture.Source(database);
        var head = await source.HeadAsync(Within.Patience());
        var then = (await source.FirstFromAsync(fixture.Earlier, Within.Patience())).Timestamp;
        Assert.Equal(fixture.Earlier, await new LedgerMoment(null, then).ResolveAsync(source, head, Within.Patience()));
        Assert.Equal(fixture.Earlier + 1, await new LedgerMoment(null, then).ResolveFirstAsync(source, head, Within.Patience()));
        Assert.Equal(head, await new LedgerMoment(null, DateTimeOffset.MaxValue).ResolveAsync(source, head, Within.Patience()));
    }

    [Theory, MemberData(nameof(Sources))]
    public async Task Explains_an_admission_to_its_end_and_a_refusal(bool database)
    {
        await using var source = fixture.Source(database);
        var settled = Assert.Single(await new RequestReader(source, new(fixture.Settled)).ReadAsync(database ? AuditFixture.Pool : null, Within.Patience()));
        Assert.True(Assert.Single(settled.Attempts).Explanation.Admitted);
        Assert.Equal(["tokens-consumed.v1", "reservation-settled.v1"], settled.Afterwards.Select(e => e.Type));
        var refused = Assert.Single(await new RequestReader(source, new(fixture.Refused)).ReadAsync(database ? null : AuditFixture.Pool, Within.Patience()));
        var (attempt, recorded) = (Assert.Single(refused.Attempts), await fixture.Api.Events.FirstAsync<RequestDenied>(e => e.Request.Value == fixture.Refused));
        Assert.Equal((recorded.Position, recorded.Data.Reason, recorded.Data.RetryAfterMs), (attempt.Position, attempt.Explanation.Refused!.Value, attempt.Explanation.RetryAfterMs!.Value));
        Assert.Equal("concurrency-exceeded", (string?)JsonDocument.Parse(refused.ToJson()).RootElement.GetProperty("attempts")[0].GetProperty("explanation").GetProperty("refused").GetString());
    }

    [Theory, MemberData(nameof(Sources))]
    public async Task Decides_the_recorded_demand_again_under_other_settings(bool database)
    {
        await using var source = fixture.Source(database);
        var head = await source.HeadAsync(Within.Patience());
        var same = (await WhatIfAsync(source, head, WhatIfChanges.None)).Result;
        Assert.Equal(JsonSerializer.Serialize(same.Recorded), JsonSerializer.Serialize(same.WhatIf));
        var wider = new WhatIfChanges(null, null, new Dictionary<EntitlementId, EntitlementChange> { [new("batch")] = new(null, new(10_000, 100_000_000, 3)) });
        var report = await WhatIfAsync(source, head, wider);
        Assert.Equal((5, 1, 6, 0, 1), (report.Result.Recorded.Admitted, report.Result.Recorded.Refused, report.Result.WhatIf.Admitted, report.Result.WhatIf.Refused, report.Result.AdmittedNow));
        Assert.Equal(report.ToJson(), (await WhatIfAsync(source, head, wider)).ToJson());
    }

    [Theory, MemberData(nameof(Sources))]
    public async Task Verifies_the_whole_ledger(bool database)
    {
        await using var source = fixture.Source(database);
        var report = await new LedgerVerification().RunAsync(source.ReadDenseAsync(await source.HeadAsync(Within.Patience()), Within.Patience()), Within.Patience());
        Assert.True(report.Ok, report.Finding);
        Assert.Equal("audited", Assert.Single(report.Pools).Pool);
    }

    private static Task<WhatIfReport> WhatIfAsync(IEventSource source, long head, WhatIfChanges changes) =>
        new WhatIfReader(source, head).ReadAsync(new(1, null), null, null, changes, Within.Patience());

    private static async Task<string> PoolAsync(IEventSource source, long position)
    {
        var now = (await source.FirstFromAsync(position, Within.Patience())).Timestamp;
        return JsonSerializer.Serialize(await new PastViews(source, position, now).PoolAsync(AuditFixture.Pool, tenant: null, Within.Patience()), HttpJson.Default.PoolView);
    }
}
