using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Audit;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Billing;

/// <summary>A month's budget: thresholds once each, the hard stop, and what is left.</summary>
public sealed class BudgetTests(PostgresServer postgres)
{
    private readonly StoppedTime _clock = new();

    [Fact]
    public async Task Records_each_threshold_once_and_stops_until_the_budget_is_raised_or_the_month_ends()
    {
        var connection = await postgres.CreateConnectionStringAsync("budget");
        string key;
        await using (var api = await ApiInstance.StartAsync(connection, _clock, BillingInstance.Quiet))
        {
            await api.OpenPoolAsync("pool", Bodies.Pool().But("leaseSeconds", "86400"));
            await api.GrantAsync("pool", "chat", Budgeted(1_000));
            key = (await api.IssueKeyAsync("pool", "chat")).Text("key");
            var gateway = api.With(key);
            (await gateway.AdmitAsync(Guid.NewGuid())).MustBe(201);
            await UseAsync(gateway, 499);
            await ValueAsync(api, await UseAsync(gateway, 1), access: true, balance: 500, usage: 500, overage: 0, grant: 1_000);
            await ThresholdsAsync(api, 50);
            var last = await UseAsync(gateway, 512);
            await ThresholdsAsync(api, 50, 80, 100);
            await api.Events.FirstAsync<BudgetExhausted>(e => e.Until == new DateTimeOffset(2026, 8, 1, 0, 0, 0, TimeSpan.Zero));
            await RefusesAsync(api, gateway);
            await ValueAsync(api, last, access: false, balance: 0, usage: 1_012, overage: 12, grant: 1_000);
            Assert.Equal(1_000, (long)(await api.LookAsync("pool", "chat")).Entitlement["budget"]!["monthlyTokens"]!);
        }
        await using var restarted = await ApiInstance.StartAsync(connection, _clock, [.. BillingInstance.Quiet, ("Admission:EventsPerBook", "1")]);
        await RefusesAsync(restarted, restarted.With(key));
        await ThresholdsAsync(restarted, 50, 80, 100);
        (await restarted.Operator.PutAsync("/v1/pools/pool/entitlements/chat", Budgeted(2_000))).MustBe(200);
        (await restarted.With(key).AdmitAsync(Guid.NewGuid())).MustBe(201);
        await ThresholdsAsync(restarted, 50, 80, 100, 50);
        await UseAsync(restarted.With(key), 2_000);
        await restarted.Events.FirstAsync<BudgetExhausted>(e => e.MonthlyTokens == 2_000);
        await RefusesAsync(restarted, restarted.With(key));
        _clock.Skip(TimeSpan.FromDays(31));
        (await restarted.With(key).AdmitAsync(Guid.NewGuid())).MustBe(201);
    }

    [Fact]
    public async Task Grants_what_was_committed_so_far_where_there_is_no_budget()
    {
        await using var api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("budget"), _clock, BillingInstance.Quiet);
        foreach (var pool in (string[])["north", "south"]) await api.OpenPoolAsync(pool);
        await api.GrantAsync("north", "chat");
        _clock.Skip(TimeSpan.FromMinutes(90));
        var value = (await api.Operator.GetAsync("/v1/entitlements/chat/value")).MustBe(200);
        Assert.Equal((10_000 * 7_200, 0, "north"), (value.Long("totalAvailableGrantAmount"), value.Long("usage"), value.Text("pool")));
        await api.GrantAsync("south", "chat");
        (await api.Operator.GetAsync("/v1/entitlements/chat/value")).MustRefuse(400, "pool-missing");
        (await api.Operator.GetAsync("/v1/entitlements/chat/value?pool=south")).MustBe(200);
        (await api.Operator.GetAsync("/v1/entitlements/none/value")).MustRefuse(404, "entitlement-unknown");
        (await api.Operator.GetAsync("/v1/entitlements/chat/value?pool=south&atLeast=-1")).MustRefuse(400, "invalid-input", "atLeast");
        (await (await api.AsRoleAsync("finance", "globex")).GetAsync("/v1/entitlements/chat/value?pool=south")).MustRefuse(404, "entitlement-unknown");
        (await api.Operator.PutAsync("/v1/pools/south/entitlements/chat", Bodies.Entitlement().But("budget", """{"monthlyTokens":0}"""))).MustRefuse(400, "invalid-input", "budget.monthlyTokens");
    }

    private static System.Text.Json.Nodes.JsonObject Budgeted(long tokens) => Bodies.Parse(Bodies.Entitlement().With("budget", $$"""{"monthlyTokens":{{tokens}},"hardStop":true}"""));

    private static async Task<long> UseAsync(ApiClient gateway, long tokens) => (await gateway.UseAsync(Guid.NewGuid(), input: tokens, output: 0)).MustBe(202).Position;

    private static async Task RefusesAsync(ApiInstance api, ApiClient gateway)
    {
        var denied = (await gateway.AdmitAsync(Guid.NewGuid())).MustRefuse(403, "budget-exhausted");
        Assert.Contains("2026-08-01T00:00:00Z", denied.Text("detail"), StringComparison.Ordinal);
        Assert.Empty(await api.Events.AllAsync<RequestDenied>(_ => true));
    }

    private static async Task ThresholdsAsync(ApiInstance api, params int[] percents)
    {
        IReadOnlyList<(long, BudgetThresholdReached Data)> reached = [];
        await api.Events.UntilAsync(async () => (reached = await api.Events.AllAsync<BudgetThresholdReached>(_ => true)).Count >= percents.Length);
        Assert.Equal(percents, reached.Select(e => e.Data.Percent));
    }

    private static async Task ValueAsync(ApiInstance api, long position, bool access, long balance, long usage, long overage, long grant)
    {
        var value = (await api.Operator.GetAsync($"/v1/entitlements/chat/value?atLeast={position}")).MustBe(200);
        Assert.Equal((access, balance, usage, overage, grant),
            ((bool)value.Json["hasAccess"]!, value.Long("balance"), value.Long("usage"), value.Long("overage"), value.Long("totalAvailableGrantAmount")));
    }
}
