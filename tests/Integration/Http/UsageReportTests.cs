using System.Globalization;
using System.Text.Json.Nodes;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>What finance reads, compared with a plain sum over what was sent.</summary>
public sealed class UsageReportTests(UsageReportTests.Consumption fixture) : IClassFixture<UsageReportTests.Consumption>
{
    private static readonly string[] s_sums = ["requests", "inputTokens", "cachedInputTokens", "outputTokens", "reasoningTokens"];
    private readonly ApiInstance _api = fixture.Api;

    [Theory]
    [InlineData("", "")]
    [InlineData("none", "tenant")]
    [InlineData("none", "pool")]
    [InlineData("none", "entitlement")]
    [InlineData("none", "model")]
    [InlineData("none", "tenant,pool,entitlement,model")]
    [InlineData("hour", "")]
    [InlineData("day", "")]
    [InlineData("day", "tenant")]
    [InlineData("month", "model,tenant")]
    public async Task Sums_by_window_and_group(string window, string groupBy)
    {
        var report = await TotalsAsync($"window={window}&groupBy={groupBy}".Replace("window=&", "", StringComparison.Ordinal));
        Assert.Equal(Expected(fixture.Sent, window, groupBy), Rows(report));
    }

    [Theory]
    [InlineData("tenant=acme")]
    [InlineData("pool=north")]
    [InlineData("entitlement=south-globex")]
    [InlineData("model=llama")]
    [InlineData("tenant=acme&pool=north")]
    [InlineData("tenant=nobody")]
    [InlineData("from=2026-01-01T00:00:00Z")]
    [InlineData("to=2026-01-01T00:00:00Z")]
    [InlineData("from=2025-12-31T23:00:00Z&to=2026-01-01T01:00:00Z")]
    [InlineData("from=2025-12-31T23:17:05Z&to=2026-01-01T00:31:00Z")]
    [InlineData("from=2026-01-01T05:30:00%2B05:30&to=2026-02-01T00:00:00Z")]
    [InlineData("from=2026-01-01T00:00:00.000001Z")]
    [InlineData("tenant=globex&from=2025-12-31T22:30:00.5Z")]
    public async Task Sums_what_is_asked_for(string filter)
    {
        var events = fixture.Sent.Where(Filter(filter)).ToList();
        var rows = Rows(await TotalsAsync($"{filter}&groupBy=tenant&window=hour"));
        Assert.Equal(Expected(events, "hour", "tenant"), rows);
        var history = await HistoryAsync($"{filter}&limit=10000");
        Assert.Equal(events.Select(e => e.Id).Order(StringComparer.Ordinal), history.Select(e => (string)e["id"]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Pages_through_the_history_with_one_entry_per_event()
    {
        List<JsonNode> entries = [];
        for (long? after = 0; after is { } from;)
        {
            var page = (await _api.Operator.GetAsync($"/v1/usage/events?after={from}&limit=7&atLeast={fixture.Through}")).MustBe(200).Json;
            Assert.InRange(page["events"]!.AsArray().Count, 0, 7);
            entries.AddRange(page["events"]!.AsArray().Select(e => e!));
            after = (long?)page["next"];
        }
        Assert.Equal(fixture.Sent.Count, entries.Count);
        Assert.Equal(entries.Select(e => (long)e["position"]!).Order(), entries.Select(e => (long)e["position"]!));
        foreach (var (sent, entry) in fixture.Sent.OrderBy(e => e.Id, StringComparer.Ordinal).Zip(entries.OrderBy(e => (string)e["id"]!, StringComparer.Ordinal)))
        {
            Assert.Equal((sent.Id, sent.Tenant, sent.Pool, sent.Entitlement, sent.Model, "tests"),
                ((string?)entry["id"], (string?)entry["tenant"], (string?)entry["pool"], (string?)entry["entitlement"], (string?)entry["model"], (string?)entry["source"]));
            Assert.Equal((sent.Input, sent.Cached, sent.Output, sent.Reasoning),
                ((long)entry["inputTokens"]!, (long)entry["cachedInputTokens"]!, (long)entry["outputTokens"]!, (long)entry["reasoningTokens"]!));
            Assert.Equal((sent.CompletedAt.UtcDateTime, false), (DateTimeOffset.Parse((string)entry["completedAt"]!, CultureInfo.InvariantCulture).UtcDateTime, (bool)entry["admitted"]!));
        }
    }

    [Theory]
    [InlineData("/v1/usage?window=day&groupBy=tenant,pool,entitlement,model", "rows")]
    [InlineData("/v1/usage?window=none", "rows")]
    [InlineData("/v1/usage/events?limit=5", "events")]
    [InlineData("/v1/usage/events?limit=1000", "events")]
    public async Task Says_the_same_as_CSV(string path, string list)
    {
        var json = (await _api.Operator.GetAsync($"{path}&atLeast={fixture.Through}")).MustBe(200).Json;
        var csv = (await _api.Operator.GetAsync($"{path}&format=csv&atLeast={fixture.Through}")).MustBe(200);
        Assert.StartsWith("text/csv", csv.Header("Content-Type"), StringComparison.Ordinal);
        var lines = csv.Body.Split("\r\n")[..^1].Select(line => line.Split(',')).ToArray();
        Assert.Equal(
            json[list]!.AsArray().Select(row => string.Join(',', lines[0].Select(field => row![field]?.ToString() ?? ""))),
            lines.Skip(1).Select(line => string.Join(',', line)));
        Assert.All(json[list]!.AsArray(), row => Assert.Subset(lines[0].ToHashSet(), row!.AsObject().Select(field => field.Key).ToHashSet()));
        // Other events move the view on between the two answers.
        Assert.InRange(long.Parse(csv.Header("x-tokenledger-position"), System.Globalization.CultureInfo.InvariantCulture), (long)json["ledgerPosition"]!, long.MaxValue);
        Assert.Equal(json["next"]?.ToString(), csv.Headers.GetValueOrDefault("x-tokenledger-next"));
    }

    [Fact]
    public async Task Shows_a_key_that_is_bound_to_a_tenant_its_own_consumption()
    {
        var bound = await _api.AsRoleAsync("finance", "globex");
        var own = fixture.Sent.Where(e => e.Tenant == "globex").ToList();
        foreach (var filter in (string[])["", "&tenant=globex"])
            Assert.Equal(Expected(own, "month", "tenant,pool"), Rows((await bound.GetAsync($"/v1/usage?window=month&groupBy=tenant,pool{filter}&atLeast={fixture.Through}")).MustBe(200).Json));
        Assert.Equal(own.Count, (await bound.GetAsync("/v1/usage/events?limit=1000")).MustBe(200).Json["events"]!.AsArray().Count);
        // A pool of another tenant is not hidden, it is only empty.
        Assert.Empty((await bound.GetAsync("/v1/usage?entitlement=north-acme")).MustBe(200).Json["rows"]!.AsArray());
    }

    [Fact]
    public async Task Tells_the_position_that_it_is_true_at()
    {
        var report = await TotalsAsync("window=none");
        Assert.InRange((long)report["ledgerPosition"]!, fixture.Through, await _api.Events.HeadAsync());
        var history = (await _api.Operator.GetAsync("/v1/usage/events?limit=1")).MustBe(200).Json;
        Assert.InRange((long)history["ledgerPosition"]!, fixture.Through, await _api.Events.HeadAsync());
    }

    [Fact]
    public async Task Says_that_the_view_is_behind_a_position_that_does_not_come()
    {
        var refused = (await _api.Operator.GetAsync("/v1/usage?atLeast=1000000000")).MustRefuse(503, "view-behind");
        Assert.Equal((1_000, "1"), (refused.Long("retryAfterMs"), refused.Header("Retry-After")));
    }

    private async Task<JsonNode> TotalsAsync(string query) => (await _api.Operator.GetAsync($"/v1/usage?{query}&atLeast={fixture.Through}")).MustBe(200).Json;

    private async Task<IEnumerable<JsonNode>> HistoryAsync(string query) =>
        (await _api.Operator.GetAsync($"/v1/usage/events?{query}&atLeast={fixture.Through}")).MustBe(200).Json["events"]!.AsArray().Select(e => e!);

    private static Func<Sent, bool> Filter(string query)
    {
        var wanted = query.Split('&').Select(part => part.Split('=')).ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[1]));
        DateTimeOffset Time(string name, DateTimeOffset absent) => wanted.TryGetValue(name, out var text) ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture) : absent;
        return e => e.CompletedAt >= Time("from", DateTimeOffset.MinValue) && e.CompletedAt < Time("to", DateTimeOffset.MaxValue)
            && wanted.All(field => field.Key is "from" or "to" || e.Field(field.Key) == field.Value);
    }

    private static IEnumerable<string> Expected(IEnumerable<Sent> events, string window, string groupBy) => events
        .GroupBy(e => $"{e.Window(window)}|{string.Join('|', ((string[])["tenant", "pool", "entitlement", "model"]).Select(field => groupBy.Split(',').Contains(field) ? e.Field(field) : ""))}")
        .Select(g => $"{g.Key}: {g.Count()} {g.Sum(e => e.Input)} {g.Sum(e => e.Cached)} {g.Sum(e => e.Output)} {g.Sum(e => e.Reasoning)}").Order(StringComparer.Ordinal);

    private static IEnumerable<string> Rows(JsonNode report) => report["rows"]!.AsArray().Select(row =>
        $"{row!["windowStart"]}|{row["tenant"]}|{row["pool"]}|{row["entitlement"]}|{row["model"]}: {string.Join(' ', s_sums.Select(sum => row[sum]!.ToString()))}").Order(StringComparer.Ordinal);

    internal sealed record Sent(string Id, string Tenant, string Pool, string Entitlement, string Model, DateTimeOffset CompletedAt, long Input, long Cached, long Output, long Reasoning)
    {
        public string Field(string name) => name switch { "tenant" => Tenant, "pool" => Pool, "entitlement" => Entitlement, _ => Model };

        public string Window(string window) => window switch
        {
            "hour" => CompletedAt.UtcDateTime.ToString("yyyy-MM-ddTHH':00:00Z'", CultureInfo.InvariantCulture),
            "day" => CompletedAt.UtcDateTime.ToString("yyyy-MM-dd'T00:00:00Z'", CultureInfo.InvariantCulture),
            "month" => CompletedAt.UtcDateTime.ToString("yyyy-MM-'01T00:00:00Z'", CultureInfo.InvariantCulture),
            _ => "",
        };
    }

    /// <summary>Two pools with two tenants each, and consumption about the turn of hours, days, a month and a year, written in several time zones.</summary>
    public sealed class Consumption(PostgresServer postgres) : ApiFixture(postgres)
    {
        private static readonly string[] s_times =
        [
            "2025-12-31T22:29:59.999999Z", "2025-12-31T22:30:00.5Z", "2025-12-31T23:17:05Z", "2025-12-31T23:59:59.999999Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z",
            "2026-01-01T05:29:59+05:30", "2026-01-01T06:01:00+05:30", "2025-12-31T19:31:00-05:00", "2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z", "2026-01-31T20:00:00-08:00",
        ];

        internal List<Sent> Sent { get; } = [];
        internal long Through { get; private set; }

        protected override (string Name, string Value)[] Settings => [("Metering:FreshnessWaitMs", "2000")];

        internal override async Task SetUpAsync()
        {
            foreach (var (pool, model) in ((string, string)[])[("north", "llama"), ("south", "mistral")])
            {
                await Api.OpenPoolAsync(pool, Bodies.Pool().But("model", $"\"{model}\""));
                foreach (var tenant in (string[])["acme", "globex"]) await ConsumeAsync(pool, model, tenant);
            }
        }

        private async Task ConsumeAsync(string pool, string model, string tenant)
        {
            var entitlement = $"{pool}-{tenant}";
            var gateway = await Api.EnterAsync(pool, entitlement, Bodies.Entitlement("elastic", tenant));
            var batch = new JsonArray();
            foreach (var time in s_times)
            {
                var n = Sent.Count + 1;
                var sent = new Sent($"event-{n:000}", tenant, pool, entitlement, model, DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), 1_000_003L * n, 7 * n, 401 * n, 3 * n);
                Sent.Add(sent);
                batch.Add(Bodies.Usage(Guid.NewGuid(), sent.Input, sent.Output, sent.Id).But("data.cachedInputTokens", $"{sent.Cached}")
                    .But("data.reasoningTokens", $"{sent.Reasoning}").But("data.completedAt", $"\"{time}\""));
            }
            var answer = (await gateway.PostUsageAsync(batch)).MustBe(202);
            Assert.Equal(s_times.Length, answer.Long("accepted"));
            Through = answer.Json["results"]!.AsArray().Max(result => (long)result!["ledgerPosition"]!);
        }
    }
}
