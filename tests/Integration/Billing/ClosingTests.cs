using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Audit;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Billing;

/// <summary>A month is closed once and each statement issued once, whatever happens meanwhile.</summary>
public sealed class ClosingTests(PostgresServer postgres)
{
    private static readonly PoolId s_pool = new("pool");
    private readonly StoppedTime _clock = new();

    /// <summary>The process dies at each append of a close in turn, before it and after it; another takes the work up.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Finishes_what_a_killed_run_began(bool afterAppend)
    {
        var connection = await postgres.CreateConnectionStringAsync("closing");
        await using var other = await BillingInstance.StartAsync(connection, _clock);
        HookedLedger hooked = null!;
        await using var killed = await BillingInstance.StartAsync(connection, _clock, inner => hooked = new(inner));
        for (var at = 1; at <= 4; at++)
        {
            await ConsumeAsync(other);
            _clock.Skip(TimeSpan.FromDays(31));
            var appends = 0;
            hooked.OnAppend = async append =>
            {
                if (++appends < at) return await append();
                if (appends == at && afterAppend) await append();
                throw new InvalidOperationException("killed");
            };
            (await killed.Operator.PostAsync("/v1/statements/close")).MustBe(500);
            Assert.True(appends == at, $"{appends} appends were tried, not {at}");
            await other.CloseAsync();
            await CheckAsync(other, months: at, statements: 3 * at);
        }
        Assert.Equal(4, (await other.Operator.GetAsync("/v1/statements/runs")).MustBe(200).Json["runs"]!.AsArray().Count(run => run!["error"] is not null));
    }

    [Fact]
    public async Task Issues_each_statement_once_when_two_instances_close_at_once()
    {
        var connection = await postgres.CreateConnectionStringAsync("closing");
        await using var one = await BillingInstance.StartAsync(connection, _clock);
        await using var two = await BillingInstance.StartAsync(connection, _clock);
        for (var month = 1; month <= 4; month++)
        {
            await ConsumeAsync(one);
            _clock.Skip(TimeSpan.FromDays(31));
            var runs = await Task.WhenAll(one.CloseAsync(), two.CloseAsync(), one.CloseAsync(), two.CloseAsync());
            Assert.Equal((1, 3), (runs.Sum(run => run["periods"]!.AsArray().Count), runs.Sum(run => (int)run["statements"]!)));
            await CheckAsync(one, month, 3 * month);
        }
    }

    [Fact]
    public async Task Closes_the_months_that_a_jump_of_the_clock_missed_one_after_another()
    {
        await using var api = await BillingInstance.StartAsync(await postgres.CreateConnectionStringAsync("closing"), _clock);
        await ConsumeAsync(api);
        Assert.Empty((await api.CloseAsync())["periods"]!.AsArray());
        _clock.Skip(TimeSpan.FromDays(30.5) + TimeSpan.FromMinutes(59));
        Assert.Empty((await api.CloseAsync())["periods"]!.AsArray());
        _clock.Skip(TimeSpan.FromDays(160));
        Assert.Equal("""["2026-07","2026-08","2026-09","2026-10","2026-11","2026-12"]""", (await api.CloseAsync())["periods"]!.ToJsonString());
        await CheckAsync(api, months: 6, statements: 3 * 6);
        var events = await api.EventsAsync();
        // Committed capacity is charged for the months in which nobody used any of it.
        Assert.All(events.Select(recorded => recorded.Data).OfType<StatementIssued>().Where(e => e.Period != "2026-07"), e => Assert.Equal(CommitmentStatus.Unused, Assert.Single(e.Lines).Commitment));
    }

    [Fact]
    public async Task Is_run_by_the_scheduler_at_its_start_and_after_a_jump_of_the_clock()
    {
        var connection = await postgres.CreateConnectionStringAsync("closing");
        await using (var first = await BillingInstance.StartAsync(connection, _clock)) await ConsumeAsync(first);
        _clock.Skip(TimeSpan.FromDays(31));
        await using var api = await BillingInstance.StartAsync(connection, _clock, settings: [("Metering:ClosingInterval", "00:00:01")]);
        await StatementsAsync(api, 3);
        // A run that has issued its last statement looks once more for a month that is due, and must not meet the next one.
        await RunsAsync(api, 1);
        _clock.Skip(TimeSpan.FromDays(31));
        await StatementsAsync(api, 6);
        await RunsAsync(api, 2);
        await CheckAsync(api, months: 2, statements: 6);
    }

    private static Task RunsAsync(ApiInstance api, int count) => api.Events.UntilAsync(async () =>
        (await api.Operator.GetAsync("/v1/statements/runs")).MustBe(200).Json["runs"]!.AsArray().Count(run => (string?)run!["startedBy"] == "scheduler") == count);

    private static Task StatementsAsync(ApiInstance api, int count) =>
        api.Events.UntilAsync(async () => await api.Ledger.VersionAsync(Streams.Statements, Within.Patience()) == count);

    private static async Task CheckAsync(ApiInstance api, int months, int statements)
    {
        var events = await api.EventsAsync();
        var (expected, issued) = BillingInstance.Statements(events);
        Assert.Equal(months, events.Count(recorded => recorded.Data is BillingPeriodClosed));
        Assert.Equal(statements, issued.Count);
        Assert.Equal(expected.Order(StringComparer.Ordinal), issued.Order(StringComparer.Ordinal));
        var closes = events.Where(recorded => recorded.Data is BillingPeriodClosed).ToDictionary(recorded => ((BillingPeriodClosed)recorded.Data).Period, recorded => recorded.Position);
        Assert.All(events.Select(recorded => recorded.Data).OfType<StatementIssued>(), e => Assert.Equal((closes[e.Period], closes[e.Period]), (e.LastPosition, e.TreeSize)));
    }

    /// <summary>Three tenants with an entitlement each, prices, and an entry of each tenant now.</summary>
    private async Task ConsumeAsync(ApiInstance api)
    {
        var now = _clock.GetUtcNow();
        string[] tenants = ["acme", "globex", "initech"];
        if (await api.Ledger.VersionAsync(Streams.Prices, Within.Patience()) == 0)
        {
            await api.AppendAsync(Streams.Pool(s_pool), now, [
                new PoolOpened(s_pool, new("llama", 2, new(100_000, 1_000_000_000, 64), 1_000, 100, 10, 300, 3_600_000, new(1, 4, 0.8))),
                .. tenants.Select(tenant => new EntitlementGranted(s_pool, new(tenant), new(new(tenant), ServiceClass.Guaranteed, 500, new(1, 1, 1), null, null))),
            ]);
            await api.AppendAsync(Streams.Prices, now, new PriceSet("llama", now.AddDays(-1), [new(PriceKind.Input, 300_000), new(PriceKind.Output, 900_000), new(PriceKind.Committed, 200_000)], "tests"));
        }
        await api.AppendAsync(Streams.Usage(s_pool), now, [.. tenants.Select(tenant => new TokensConsumed(
            "tests", Guid.NewGuid().ToString(), new(Guid.NewGuid()), s_pool, new(tenant), new(tenant), "llama", ServiceClass.Guaranteed, true, 5_000, 100, 700, 0, Outcome.Completed, null, null, now))]);
    }
}
