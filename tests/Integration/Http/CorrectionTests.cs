using System.Text.Json.Nodes;
using TokenLedger.Contracts;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>Corrections of recorded usage.</summary>
public sealed class CorrectionTests(CorrectionTests.OnePool fixture) : IClassFixture<CorrectionTests.OnePool>
{
    private const string Address = "/v1/usage/corrections";
    private readonly ApiInstance _api = fixture.Api;

    [Fact]
    public async Task Corrects_history_and_totals_and_leaves_the_entry_as_it_was()
    {
        var (gateway, tenant) = await TenantAsync();
        var (id, request, used) = await UseAsync(gateway);
        var finance = await _api.AsRoleAsync("finance");
        var corrected = (await finance.PostAsync(Address, Bodies.Correction(id, output: -10).But("deltas.inputTokens", "5"))).MustBe(202);
        var entries = (await _api.Operator.GetAsync($"/v1/usage/events?tenant={tenant}&atLeast={corrected.Position}")).MustBe(200).Json["events"]!.AsArray();
        Assert.Equal(["100 50", "5 -10"], entries.Select(entry => $"{entry!["inputTokens"]} {entry["outputTokens"]}"));
        var correction = entries[1]!;
        Assert.Equal((request.ToString(), "tokenledger:correction", "tests", id, used), (
            (string?)correction["requestId"], (string?)correction["source"], (string?)correction["corrects"]!["source"], (string?)correction["corrects"]!["id"], (long)correction["corrects"]!["position"]!));
        Assert.Equal("The invoice counts otherwise.", (string?)correction["corrects"]!["reason"]);
        Assert.EndsWith("(a-finance)", (string?)correction["corrects"]!["author"], StringComparison.Ordinal);
        Assert.Equal((string?)entries[0]!["completedAt"], (string?)correction["completedAt"]);
        foreach (var range in (string[])["", "&from=2020-01-01T00:00:00.5Z"])
        {
            var row = Assert.Single((await _api.Operator.GetAsync($"/v1/usage?tenant={tenant}{range}")).MustBe(200).Json["rows"]!.AsArray())!;
            Assert.Equal((1, 105, 40), ((long)row["requests"]!, (long)row["inputTokens"]!, (long)row["outputTokens"]!));
        }
        Assert.EndsWith("a-finance)\r\n", (await _api.Operator.GetAsync($"/v1/usage/events?tenant={tenant}&format=csv")).MustBe(200).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Records_a_repeated_correction_once()
    {
        var (id, request, _) = await UseAsync(fixture.Gateway);
        var correction = Bodies.Correction(id);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _api.Operator.PostAsync(Address, correction)));
        Assert.Single(answers, answer => !(bool)answer.MustBe(202).Json["duplicate"]!);
        foreach (var other in (string[])[correction.With("deltas.outputTokens", "-11"), Bodies.Correction(id, id: (string)correction["id"]!).With("reason", "\"Another.\"")])
            (await _api.Operator.SendAsync(HttpMethod.Post, Address, other)).MustRefuse(409, "correction-id-reused");
        Assert.Single(await _api.Events.AllAsync<UsageCorrected>(e => e.Request.Value == request));
    }

    [Fact]
    public async Task Never_leaves_what_no_request_can_have_used()
    {
        var (id, request, _) = await UseAsync(fixture.Gateway);
        (await _api.Operator.PostAsync(Address, Bodies.Correction(id, output: -51))).MustRefuse(422, "correction-impossible");
        // Together they would take too much: whichever comes first is taken, and the other one refused.
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => _api.Operator.PostAsync(Address, Bodies.Correction(id, output: -20))));
        Assert.Equal([202, 202, 422], answers.Select(answer => answer.Status).Order());
        (await _api.Operator.PostAsync(Address, Bodies.Correction(id, output: -10).But("deltas.cachedInputTokens", "101"))).MustRefuse(422, "correction-impossible");
        (await _api.Operator.PostAsync(Address, Bodies.Correction(id, output: -10))).MustBe(202);
        Assert.Equal(-50, (await _api.Events.AllAsync<UsageCorrected>(e => e.Request.Value == request)).Sum(e => e.Data.OutputTokens));
    }

    [Fact]
    public async Task Answers_each_correction_of_a_batch_for_itself()
    {
        var (id, _, _) = await UseAsync(fixture.Gateway);
        var streamed = Bodies.Streamed(Guid.NewGuid());
        (await fixture.Gateway.PostUsageAsync(streamed)).MustBe(202);
        var first = Bodies.Correction(id, output: 7);
        var answer = (await _api.Operator.PostAsync(Address, new JsonArray(
            first, first.DeepClone(), Bodies.Correction("nobody's"), Bodies.Correction((string)streamed["id"]!), Bodies.Correction(id, output: 0), Bodies.Correction(id, output: -58), 7))).MustBe(202);
        Assert.Equal((2, 5), (answer.Long("accepted"), answer.Long("rejected")));
        Assert.Equal(["202 ", "202 ", "404 usage-unknown", "404 usage-unknown", "400 invalid-input", "422 correction-impossible", "400 invalid-input"],
            answer.Json["results"]!.AsArray().Select(result => $"{result!["status"]} {result["reason"]}"));
    }

    [Fact]
    public async Task Lets_a_key_that_is_bound_to_a_tenant_correct_its_usage_alone()
    {
        var (gateway, tenant) = await TenantAsync();
        var (mine, others) = ((await UseAsync(gateway)).Id, (await UseAsync(fixture.Gateway)).Id);
        var bound = await _api.AsRoleAsync("finance", tenant);
        (await bound.PostAsync(Address, Bodies.Correction(mine))).MustBe(202);
        (await bound.PostAsync(Address, Bodies.Correction(others))).MustRefuse(403, "foreign-tenant");
    }

    [Fact]
    public async Task Corrects_usage_whose_pool_nobody_can_tell()
    {
        var (id, request, _) = await UseAsync(await _api.AsRoleAsync("gateway"));
        var corrected = (await _api.Operator.PostAsync(Address, Bodies.Correction(id))).MustBe(202);
        var unadmitted = (await _api.Operator.GetAsync($"/v1/usage/events?admitted=false&limit=10000&atLeast={corrected.Position}")).MustBe(200).Json["events"]!.AsArray();
        Assert.Equal(2, unadmitted.Count(entry => (string?)entry!["requestId"] == request.ToString()));
        Assert.All(unadmitted, entry => Assert.False((bool)entry!["admitted"]!));
        Assert.DoesNotContain((await _api.Operator.GetAsync("/v1/usage/events?admitted=true&limit=10000")).MustBe(200).Json["events"]!.AsArray(), entry => (string?)entry!["requestId"] == request.ToString());
        Assert.Matches(@"(?m)^tokenledger_usage_unadmitted_total\S* [1-9]", (await _api.Nobody.GetAsync("/metrics")).MustBe(200).Body);
    }

    private async Task<(ApiClient Gateway, string Tenant)> TenantAsync()
    {
        var name = $"t-{Guid.NewGuid():N}"[..12];
        return (await _api.EnterAsync("pool", name, Bodies.Entitlement("elastic", name)), name);
    }

    private static async Task<(string Id, Guid Request, long Position)> UseAsync(ApiClient gateway)
    {
        var request = Guid.NewGuid();
        var id = request.ToString();
        return (id, request, (await gateway.UseAsync(request, id: id)).MustBe(202).Position);
    }

    /// <summary>A pool and a gateway.</summary>
    public sealed class OnePool(PostgresServer postgres) : ApiFixture(postgres)
    {
        internal ApiClient Gateway { get; private set; } = null!;

        internal override async Task SetUpAsync()
        {
            await Api.OpenPoolAsync("pool");
            Gateway = await Api.EnterAsync("pool", "chat");
        }
    }
}
