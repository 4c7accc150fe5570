using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Core.Fairness;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Fairness as a process beside Admission: two at once, one after the other, and none.</summary>
public sealed class FairnessApartTests(PostgresServer postgres)
{
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Two_that_tick_at_once_record_each_tick_and_each_token_once()
    {
        var connection = await postgres.CreateConnectionStringAsync("race");
        await using var database = NpgsqlDataSource.Create(connection);
        await using var all = await FairnessApart.StartAsync(connection);
        await using var one = await all.StartFairnessAsync();
        await using var other = await all.StartFairnessAsync();
        var (start, served) = (all.Clock.GetUtcNow(), new[] { Guid.NewGuid(), Guid.NewGuid() });
        foreach (var request in served) (await all.First.AdmitAsync(request, input: 1, output: 1_499)).MustBe(201);
        for (var n = 0; n < 2; n++) (await all.Second.AdmitAsync(Guid.NewGuid(), input: 1, output: 999)).MustBe(429);
        await RaceAsync(all, database, one, other);
        await RaceAsync(all, database, one, other);
        // The one used less than was counted for it so far, the other more.
        (await all.First.UseAsync(served[0], input: 1, output: 899)).MustBe(202);
        (await all.First.UseAsync(served[1], input: 1, output: 1_299)).MustBe(202);
        foreach (var request in served) await all.Admission.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == request);
        (await all.Second.AdmitAsync(Guid.NewGuid(), input: 1, output: 499)).MustBe(201);
        await RaceAsync(all, database, one, other);
        await RaceAsync(all, database, one, other);

        var recorded = await all.AdjustedAsync();
        Assert.Equal(Enumerable.Range(1, 4).Select(n => start + n * s_tick), recorded.Select(e => e.Timestamp));
        var applied = await all.Admission.Events.AllAsync<LimitsApplied>(e => e.Limits.Count > 0);
        Assert.Equal(recorded.Select(e => e.Position), applied.Select(e => e.Data.LimitsPosition));
        var shares = recorded.SelectMany(e => ((LimitsAdjusted)e.Data).Entitlements).ToLookup(share => share.Entitlement.Value);
        // What the second was refused would have been served in two seconds.
        Assert.Equal((2_200, 2_200), (shares["first"].Sum(s => s.ReceivedTokens), shares["first"].Sum(s => s.DemandTokens)));
        Assert.Equal((500, 2_500), (shares["second"].Sum(s => s.ReceivedTokens), shares["second"].Sum(s => s.DemandTokens)));
        Assert.Equal(4, one.Log.Lines.Concat(other.Log.Lines).Count(line => line.Contains("Another instance ticks pool apart", StringComparison.Ordinal)));
        var (here, there) = (await FairnessApart.ViewAsync(one), await FairnessApart.ViewAsync(other));
        Assert.Equal(here.Entitlements, there.Entitlements);
        Assert.True(here.Entitlements[1] is { OwedTokens: 1_000, Debt: > 0 });
    }

    [Fact]
    public async Task One_that_starts_again_goes_on_from_what_was_owed_and_misses_nothing()
    {
        await using var all = await FairnessApart.StartAsync(await postgres.CreateConnectionStringAsync("again"));
        FairnessShare[] before;
        await using (var fairness = await all.StartFairnessAsync())
        {
            for (var n = 0; n < 2; n++) (await all.First.AdmitAsync(Guid.NewGuid(), input: 1, output: 9_999 / 4)).MustBe(201);
            (await all.Second.AdmitAsync(Guid.NewGuid(), input: 1, output: 999)).MustBe(429);
            for (var n = 0; n < 2; n++)
            {
                all.Clock.Skip(s_tick);
                await all.SettledAsync(fairness);
            }
            before = [.. (await FairnessApart.ViewAsync(fairness)).Entitlements];
        }
        Assert.True(before[1] is { OwedTokens: 1_000, Debt: > 0 });
        await using (var fairness = await all.StartFairnessAsync())
            Assert.Equal(before.Select(State), (await FairnessApart.ViewAsync(fairness)).Entitlements.Select(State));
        // Nobody ticks while two seconds of a baseline are asked for in vain and the first is served for three.
        (await all.Second.AdmitAsync(Guid.NewGuid(), input: 1, output: 999)).MustBe(429);
        all.Clock.Skip(3 * s_tick);
        await using (var fairness = await all.StartFairnessAsync())
        {
            await all.SettledAsync(fairness);
            var after = (await FairnessApart.ViewAsync(fairness)).Entitlements;
            Assert.Equal((3_000, 3_000), (after[0].DemandTokens, after[0].ReceivedTokens));
            Assert.Equal((1_000, 0, 2_000, 0), (after[1].DemandTokens, after[1].ReceivedTokens, after[1].OwedTokens, after[1].ForgivenTokens));
            Assert.Equal(Debt.Next(before[1].Debt, Debt.Gap(500, 1_000 / 3.0, 0)), after[1].Debt, precision: 9);
            Assert.Equal(3, (await all.AdjustedAsync()).Count);
        }
    }

    [Fact]
    public async Task Without_one_the_last_limits_stay_and_Admission_says_so()
    {
        await using var all = await FairnessApart.StartAsync(await postgres.CreateConnectionStringAsync("none"));
        var ended = Guid.NewGuid();
        await using (var fairness = await all.StartFairnessAsync())
        {
            foreach (var request in (Guid[])[ended, Guid.NewGuid()]) (await all.First.AdmitAsync(request, input: 1, output: 999)).MustBe(201);
            (await all.Second.AdmitAsync(Guid.NewGuid(), input: 1, output: 999)).MustBe(429);
            all.Clock.Skip(s_tick);
            await all.SettledAsync(fairness);
        }
        await all.Admission.Events.UntilAsync(async () => await StaleAsync(all) == (null, null));
        var limits = await LimitsAsync(all);
        // Nothing was decided since the last word of Fairness.
        all.Clock.Skip(TimeSpan.FromSeconds(121));
        Assert.Equal((null, null), await StaleAsync(all));
        (await all.First.DeleteAsync($"/v1/admissions/{ended}")).MustBe(200);
        (await all.Second.AdmitAsync(Guid.NewGuid())).MustBe(201);
        all.Clock.Skip(TimeSpan.FromSeconds(120));
        Assert.Equal((null, 120), await StaleAsync(all));
        all.Clock.Skip(s_tick);
        Assert.Equal(("No word from Fairness, so the last limits stay: apart for 121 s.", 121), await StaleAsync(all));
        (await all.Second.AdmitAsync(Guid.NewGuid())).MustBe(429);
        Assert.Equal(limits, await LimitsAsync(all));
        await using (await all.StartFairnessAsync())
            await all.Admission.Events.UntilAsync(async () => await StaleAsync(all) == (null, null));
    }

    private static (EntitlementId, double, double, double, Capacity, long) State(FairnessShare share) =>
        (share.Entitlement, share.Debt, share.Burst, share.Weight, share.Limits, share.OwedTokens);

    private static async Task<string> LimitsAsync(FairnessApart all) =>
        string.Concat((await all.Admission.Operator.GetAsync($"/v1/pools/{FairnessApart.Pool}")).MustBe(200).Json["entitlements"]!.AsArray().Select(e => e!["effectiveLimits"]!.ToJsonString()));

    /// <summary>What a ready Admission says about the age of its limits, and shows in its metrics.</summary>
    private static async Task<(string? Detail, double? Age)> StaleAsync(FairnessApart all)
    {
        var check = (await all.Admission.Nobody.GetAsync("/readyz")).MustBe(200).Json["checks"]!.AsArray().Single(check => (string?)check!["name"] == "limits")!;
        Assert.Equal("healthy", (string?)check["status"]);
        var metrics = ExpositionText.Read((await all.Admission.Nobody.GetAsync("/metrics")).MustBe(200).Body);
        var sample = metrics.GetValueOrDefault("tokenledger_admission_limits_age_seconds")?.Samples.SingleOrDefault(sample => sample.Labels["pool"] == FairnessApart.Pool.Value);
        return ((string?)check["detail"], sample?.Value);
    }

    /// <summary>One tick, for which both have decided before either can record it.</summary>
    private static async Task RaceAsync(FairnessApart all, NpgsqlDataSource database, ApiInstance one, ApiInstance other)
    {
        await using (var blocking = await database.OpenConnectionAsync(Within.Patience()))
        await using (await blocking.BeginTransactionAsync(Within.Patience()))
        {
            await using var block = new NpgsqlCommand("lock table tokenledger.mt_streams in exclusive mode", blocking);
            await block.ExecuteNonQueryAsync(Within.Patience());
            all.Clock.Skip(s_tick);
            await using var waiting = new NpgsqlCommand("select count(*) from pg_locks where not granted and relation = 'tokenledger.mt_streams'::regclass", blocking);
            await all.Admission.Events.UntilAsync(async () => (long?)await waiting.ExecuteScalarAsync(Within.Patience()) == 2);
        }
        await all.SettledAsync(one, other);
    }
}
