using System.Globalization;
using System.Text.Json.Nodes;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Audit;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Billing;

/// <summary>Every path to an amount comes to the same micro-unit: the view, the totals, the statements in their formats, and a plain sum over the ledger.</summary>
public sealed class BillingTests(PostgresServer postgres)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Bills_what_a_sum_over_the_ledger_comes_to(int seed)
    {
        var clock = new StoppedTime();
        var connection = await postgres.CreateConnectionStringAsync("billing");
        var history = new RandomHistory(seed, clock);
        (string, string)[] pages = [.. BillingInstance.Quiet, ("Followers:CatchUpPage", $"{seed * 7}")];
        await using (var first = await BillingInstance.StartAsync(connection, clock, settings: pages)) await history.PlayAsync(first, 60);
        // The second half meets a view that was left in the middle.
        await using var api = await BillingInstance.StartAsync(connection, clock, settings: pages);
        await new RandomHistory(seed + 100, clock).PlayAsync(api, 60);

        var events = await api.EventsAsync();
        var (expected, issued) = BillingInstance.Statements(events);
        Assert.NotEmpty(expected);
        Assert.Equal(expected, issued);
        var lines = events.Select(recorded => recorded.Data).OfType<StatementIssued>().SelectMany(e => e.Lines).ToList();
        Assert.All(Enum.GetValues<PricingCategory>(), category => Assert.Contains(lines, line => line.Category == category));
        Assert.Contains(lines, line => line is { OriginalPeriod: not null, Micros: > 0 });
        Assert.Contains(events, recorded => recorded.Data is UsageCorrected);
        await AgreesByEveryPathAsync(api, events);
    }

    private static async Task AgreesByEveryPathAsync(ApiInstance api, List<RecordedEvent> events)
    {
        foreach (var tenant in (string[])["acme", "globex"])
        {
            var statements = events.Select(recorded => recorded.Data).OfType<StatementIssued>().Where(e => e.Tenant.Value == tenant).ToList();
            var billed = statements.SelectMany(e => e.Lines).Where(line => line.Commitment != CommitmentStatus.Unused).Sum(line => line.Micros);
            foreach (var window in (string[])["none", "hour", "day", "month"])
                Assert.Equal(billed, (await api.Operator.GetAsync($"/v1/usage?tenant={tenant}&window={window}")).MustBe(200).Json["rows"]!.AsArray().Sum(row => (long)row!["costMicros"]!));
            Assert.Equal(billed, (await api.Operator.GetAsync($"/v1/usage?tenant={tenant}&from=2000-01-01T00:00:01Z")).MustBe(200).Json["rows"]!.AsArray().Sum(row => (long)row!["costMicros"]!));
            Assert.Equal(billed, (await api.Operator.GetAsync($"/v1/usage/events?tenant={tenant}&limit=10000")).MustBe(200).Json["events"]!.AsArray().Sum(row => (long)row!["costMicros"]!));
            foreach (var statement in statements) await FormatsAgreeAsync(api, statement);
        }
    }

    private static async Task FormatsAgreeAsync(ApiInstance api, StatementIssued statement)
    {
        var path = $"/v1/statements/{statement.Tenant}/{statement.Period}";
        var json = (await api.Operator.GetAsync(path)).MustBe(200).Json;
        Assert.Equal((statement.TotalMicros, statement.Lines.Count), ((long)json["totalMicros"]!, json["lines"]!.AsArray().Count));
        Assert.Equal(statement.TotalMicros, json["lines"]!.AsArray().Sum(line => (long)line!["micros"]!));
        var csv = CsvTable.Read((await api.Operator.GetAsync($"{path}?format=csv")).MustBe(200).Body);
        Assert.Equal(statement.TotalMicros, csv.Sum(row => long.Parse(row["micros"], CultureInfo.InvariantCulture)));
        var focus = CsvTable.Read((await api.Operator.GetAsync($"{path}?format=focus")).MustBe(200).Body);
        Assert.Equal(statement.TotalMicros, focus.Sum(row => decimal.Parse(row["BilledCost"], CultureInfo.InvariantCulture)) * 1_000_000);
        FocusRules.Check(focus);
    }

    [Fact]
    public async Task Shows_a_statement_only_when_its_month_is_closed()
    {
        var clock = new StoppedTime();
        await using var api = await BillingInstance.StartAsync(await postgres.CreateConnectionStringAsync("billing"), clock);
        await new RandomHistory(9, clock).PlayAsync(api, 30);
        var period = (await api.EventsAsync()).Select(recorded => recorded.Data).OfType<BillingPeriodClosed>().Last();
        var open = period.End.AddMonths(1).ToString("yyyy-MM", CultureInfo.InvariantCulture);
        Assert.Contains("T01:00:00Z", (await api.Operator.GetAsync($"/v1/statements/acme/{open}")).MustRefuse(404, "statement-open").Text("detail"), StringComparison.Ordinal);
        Assert.True((bool)(await api.Operator.GetAsync($"/v1/statements/acme/{open}?draft=true")).MustBe(200).Json["draft"]!);
        (await api.Operator.GetAsync($"/v1/statements/nobody/{period.Period}")).MustRefuse(404, "statement-missing");
        (await api.Operator.GetAsync("/v1/statements/acme/2026-13?format=xml")).MustRefuse(400, "invalid-input", "period", "format");
        (await api.Operator.GetAsync("/v1/statements/runs?limit=0")).MustRefuse(400, "invalid-input", "limit");
        var listed = (await api.Operator.GetAsync("/v1/statements/acme")).MustBe(200).Json["statements"]!.AsArray();
        Assert.Equal((await api.EventsAsync()).Count(recorded => recorded.Data is StatementIssued e && e.Tenant.Value == "acme"), listed.Count);
    }

    [Fact]
    public async Task Sets_prices_and_refuses_bad_ones()
    {
        await using var api = await BillingInstance.StartAsync(await postgres.CreateConnectionStringAsync("prices"), new StoppedTime());
        static JsonObject Body() => Bodies.Parse("""{"effectiveFrom":"2026-07-01T00:00:00Z","rates":[{"kind":"input","microsPerMillion":300000},{"kind":"committed","microsPerMillion":200000,"serviceClass":"dedicated"}]}""");
        (await api.Operator.GetAsync("/v1/prices/llama")).MustRefuse(404, "price-unknown");
        var set = (await api.Operator.PutAsync("/v1/prices/llama", Body())).MustBe(200);
        Assert.Equal(("USD", "configured", 1), (set.Text("currency"), set.Text("author"), set.Position));
        Assert.Equal(1, (await api.Operator.PutAsync("/v1/prices/llama", Body())).MustBe(200).Position);
        (await api.Operator.PutAsync("/v1/prices/llama", Body().But("rates", "[]"))).MustRefuse(400, "invalid-input", "rates");
        (await api.Operator.PutAsync("/v1/prices/llama", Body().But("effectiveFrom", "\"1999-12-31T23:59:59Z\""))).MustRefuse(400, "invalid-input", "effectiveFrom");
        (await api.Operator.PutAsync("/v1/prices/llama", Body().But("rates", """[{"kind":"input","microsPerMillion":-1},{"kind":"input","microsPerMillion":1},{"serviceClass":"spot","microsPerMillion":1,"kind":"committed"},{},null]""")))
            .MustRefuse(400, "invalid-input", "rates[0].microsPerMillion", "rates[1]", "rates[2].serviceClass", "rates[3].kind", "rates[3].microsPerMillion", "rates[4]");
        Assert.Single((await api.Operator.GetAsync("/v1/prices")).MustBe(200).Json["prices"]!.AsArray());
        Assert.Equal(set.Json.ToJsonString(), (await api.Operator.GetAsync("/v1/prices/llama")).MustBe(200).Json["prices"]![0]!.ToJsonString());
        Assert.Equal(1, await api.Events.HeadAsync());
    }
}
