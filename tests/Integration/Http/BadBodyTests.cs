namespace TokenLedger.Tests.Integration.Http;

/// <summary>Bodies that are not what they should be: each names the field that is wrong, and none reaches the ledger.</summary>
[Collection(typeof(BadInputTests))]
public sealed class BadBodyTests(BadInput fixture)
{
    private const string Pool = BadInput.APool, Entitlement = BadInput.AnEntitlement, Capacity = BadInput.APool + "/capacity", Admissions = BadInput.Admissions, Usage = "/v1/usage", Keys = "/v1/keys", Corrections = BadInput.Corrections;
    private static readonly string[] s_notWhole = ["-1", "1.5", "1e3", "\"1\"", "NaN", "Infinity", "-Infinity", "9223372036854775808", "1e400", "true", "[1]", "{}", "0x10", "01"];

    public static TheoryData<string> Addresses => [Pool, Entitlement, Capacity, Admissions, Usage, Keys, Corrections];

    [Theory]
    [InlineData(Pool, "replicas")]
    [InlineData(Pool, "perReplica.tokensPerSecond")]
    [InlineData(Pool, "perReplica.kvCacheBytes")]
    [InlineData(Pool, "perReplica.sequences")]
    [InlineData(Pool, "kvBytesPerToken")]
    [InlineData(Pool, "defaultMaxOutputTokens")]
    [InlineData(Pool, "burstSeconds")]
    [InlineData(Pool, "leaseSeconds")]
    [InlineData(Pool, "tickMs")]
    [InlineData(Pool, "scaling.minReplicas")]
    [InlineData(Pool, "scaling.maxReplicas")]
    [InlineData(Entitlement, "sloTargetMs")]
    [InlineData(Entitlement, "baseline.tokensPerSecond")]
    [InlineData(Entitlement, "baseline.kvCacheBytes")]
    [InlineData(Entitlement, "baseline.sequences")]
    [InlineData(Capacity, "replicas")]
    [InlineData(Admissions, "inputTokens")]
    [InlineData(Admissions, "maxOutputTokens")]
    [InlineData(Admissions, "waitMs")]
    [InlineData(Usage, "data.inputTokens")]
    [InlineData(Usage, "data.cachedInputTokens")]
    [InlineData(Usage, "data.outputTokens")]
    [InlineData(Usage, "data.reasoningTokens")]
    public Task Refuses_what_is_not_a_whole_number_in_range(string path, string field) => fixture.LeavesNoTraceAsync(async () =>
    {
        foreach (var value in s_notWhole) await RefusesAsync(path, field, value);
    });

    private async Task RefusesAsync(string path, string field, string value)
    {
        var (method, body) = BadInput.Good(path);
        var answer = await fixture.Of(path).SendAsync(method, path, body.With(field, value), path == Usage ? ApiClient.Usage : "application/json");
        Assert.True(answer.Status == 400 && answer.Text("reason") == "invalid-input", $"{field} = {value}: {answer.Status} {answer.Body}");
        // The data of an event that is no JSON at all cannot be told from the event.
        Assert.True(answer.Json["errors"]![path == Usage && !IsJson(value) ? "body" : field] is not null, $"{field} = {value}: {answer.Body}");
    }

    private static bool IsJson(string value) => value is not ("NaN" or "Infinity" or "-Infinity" or "0x10" or "01");

    [Theory]
    [InlineData(Pool, "queue", "{\"order\":\"lifo\"}", "queue.order")]
    [InlineData(Pool, "queue", "{\"order\":0}", "queue.order")]
    [InlineData(Pool, "queue", "{\"maxRequests\":-1}", "queue.maxRequests")]
    [InlineData(Pool, "queue", "{\"maxRequests\":10001}", "queue.maxRequests")]
    [InlineData(Pool, "queue", "{\"maxRequests\":1.5}", "queue.maxRequests")]
    [InlineData(Pool, "queue", "{\"maxWaitMs\":-1}", "queue.maxWaitMs")]
    [InlineData(Pool, "queue", "{\"maxWaitMs\":600001}", "queue.maxWaitMs")]
    [InlineData(Pool, "queue", "{\"maxWaits\":1}", "queue.maxWaits")]
    [InlineData(Pool, "queue", "[]", "queue")]
    [InlineData(Admissions, "waitMs", "600001", "waitMs")]
    [InlineData(Pool, "model", null, "model")]
    [InlineData(Pool, "model", "\"\"", "model")]
    [InlineData(Pool, "model", "\"a\\u0000b\"", "model")]
    [InlineData(Pool, "model", "\"\\ud800\"", "model")]
    [InlineData(Pool, "model", "1", "model")]
    [InlineData(Pool, "replicas", null, "replicas")]
    [InlineData(Pool, "replicas", "null", "replicas")]
    [InlineData(Pool, "replicas", "5", "replicas")]
    [InlineData(Pool, "replicas", "100001", "replicas")]
    [InlineData(Pool, "perReplica", null, "perReplica")]
    [InlineData(Pool, "perReplica", "[]", "perReplica")]
    [InlineData(Pool, "perReplica.sequences", "0", "perReplica.sequences")]
    [InlineData(Pool, "perReplica.tokensPerSecond", "9007199254740992", "perReplica.tokensPerSecond")]
    [InlineData(Pool, "perReplica.more", "1", "perReplica.more")]
    [InlineData(Pool, "scaling.targetUtilization", "1.01", "scaling.targetUtilization")]
    [InlineData(Pool, "scaling.targetUtilization", "0", "scaling.targetUtilization")]
    [InlineData(Pool, "scaling.targetUtilization", "1e400", "scaling.targetUtilization")]
    [InlineData(Pool, "scaling.minReplicas", "5", "scaling.minReplicas")]
    [InlineData(Pool, "policy", "\"first-come\"", "policy")]
    [InlineData(Pool, "policy", "\"Threshold\"", "policy")]
    [InlineData(Pool, "policy", "2", "policy")]
    [InlineData(Pool, "shadow", "1", "shadow")]
    [InlineData(Pool, "shadow", "\"no\"", "shadow")]
    [InlineData(Pool, "lending", "-0.01", "lending")]
    [InlineData(Pool, "lending", "1.01", "lending")]
    [InlineData(Pool, "lending", "1e400", "lending")]
    [InlineData(Pool, "lending", "\"half\"", "lending")]
    [InlineData(Pool, "estimation", "[]", "estimation")]
    [InlineData(Pool, "estimation", "{\"enabled\":1}", "estimation.enabled")]
    [InlineData(Pool, "estimation", "{\"quantile\":0.49}", "estimation.quantile")]
    [InlineData(Pool, "estimation", "{\"quantile\":0.991}", "estimation.quantile")]
    [InlineData(Pool, "estimation", "{\"quantile\":\"most\"}", "estimation.quantile")]
    [InlineData(Pool, "estimation", "{\"quantile\":1e400}", "estimation.quantile")]
    [InlineData(Pool, "estimation", "{\"minSamples\":0}", "estimation.minSamples")]
    [InlineData(Pool, "estimation", "{\"minSamples\":1000001}", "estimation.minSamples")]
    [InlineData(Pool, "estimation", "{\"samples\":1}", "estimation.samples")]
    [InlineData(Entitlement, "tenant", null, "tenant")]
    [InlineData(Entitlement, "tenant", "\"a b\"", "tenant")]
    [InlineData(Entitlement, "tenant", "\"té\"", "tenant")]
    [InlineData(Entitlement, "tenant", "\"../x\"", "tenant")]
    [InlineData(Entitlement, "serviceClass", null, "serviceClass")]
    [InlineData(Entitlement, "serviceClass", "\"platinum\"", "serviceClass")]
    [InlineData(Entitlement, "serviceClass", "1", "serviceClass")]
    [InlineData(Entitlement, "serviceClass", "\"spot\"", "baseline")]
    [InlineData(Entitlement, "sloTargetMs", "0", "sloTargetMs")]
    [InlineData(Entitlement, "baseline", "null", "baseline")]
    [InlineData(Entitlement, "validFrom", "\"yesterday\"", "validFrom")]
    [InlineData(Entitlement, "validFrom", "1700000000", "validFrom")]
    [InlineData(Entitlement, "validTo", "\"2026-02-30T00:00:00Z\"", "validTo")]
    [InlineData(Capacity, "replicas", null, "replicas")]
    [InlineData(Capacity, "replicas", "5", "replicas")]
    [InlineData(Admissions, "requestId", null, "requestId")]
    [InlineData(Admissions, "requestId", "\"7\"", "requestId")]
    [InlineData(Admissions, "requestId", "7", "requestId")]
    [InlineData(Admissions, "requestId", "\"00000000-0000-0000-0000-000000000000\"", "requestId")]
    [InlineData(Admissions, "requestId", "\"{0f8fad5b-d9cb-469f-a165-70867728950e}\"", "requestId")]
    [InlineData(Admissions, "inputTokens", null, "inputTokens")]
    [InlineData(Admissions, "inputTokens", "null", "inputTokens")]
    [InlineData(Admissions, "inputTokens", "100000001", "inputTokens")]
    [InlineData(Admissions, "maxOutputTokens", "100000001", "maxOutputTokens")]
    [InlineData(Admissions, "workload", "\"a\\nb\"", "workload")]
    [InlineData(Admissions, "workload", "12345", "workload")]
    [InlineData(Keys, "name", null, "name")]
    [InlineData(Keys, "name", "\" \"", "name")]
    [InlineData(Keys, "roles", null, "roles")]
    [InlineData(Keys, "roles", "[]", "roles")]
    [InlineData(Keys, "roles", "[\"king\"]", "roles[0]")]
    [InlineData(Keys, "roles", "[null]", "roles[0]")]
    [InlineData(Keys, "roles", "[0]", "roles[0]")]
    [InlineData(Keys, "roles", "\"finance\"", "roles")]
    [InlineData(Keys, "roles", "[\"auditor\"]", "tenant")]
    [InlineData(Keys, "tenant", "\"a/b\"", "tenant")]
    [InlineData(Usage, "specversion", null, "specversion")]
    [InlineData(Usage, "type", null, "type")]
    [InlineData(Usage, "id", null, "id")]
    [InlineData(Usage, "source", null, "source")]
    [InlineData(Usage, "subject", null, "subject")]
    [InlineData(Usage, "data", null, "data")]
    [InlineData(Usage, "data.inputTokens", null, "data.inputTokens")]
    [InlineData(Usage, "data.outputTokens", null, "data.outputTokens")]
    [InlineData(Usage, "data.outcome", null, "data.outcome")]
    public Task Names_the_field_that_is_wrong(string path, string field, string? value, string named)
    {
        var (method, body) = BadInput.Good(path);
        return fixture.LeavesNoTraceAsync(method, path, body.With(field, value), 400, "invalid-input", named);
    }

    [Fact]
    public Task Names_every_field_that_is_wrong() => fixture.LeavesNoTraceAsync(
        HttpMethod.Put, Pool, "{}", 400, "invalid-input", "model", "replicas", "perReplica", "kvBytesPerToken", "defaultMaxOutputTokens");

    [Theory]
    [InlineData(Entitlement, "validTo", "2026-01-01T00:00:00Z", "validFrom", "2026-01-01T00:00:00Z")]
    public Task Refuses_an_end_that_is_not_after_the_beginning(string path, string field, string value, string otherField, string otherValue)
    {
        var (method, body) = BadInput.Good(path);
        body[otherField] = otherValue;
        return fixture.LeavesNoTraceAsync(method, path, body.With(field, $"\"{value}\""), 400, "invalid-input", field);
    }

    [Fact]
    public Task Refuses_a_name_that_is_too_long() => fixture.LeavesNoTraceAsync(
        HttpMethod.Put, Entitlement, Bodies.Entitlement().With("tenant", $"\"{new string('a', 65)}\""), 400, "invalid-input", "tenant");

    [Theory]
    [MemberData(nameof(Addresses))]
    public Task Refuses_an_unknown_field(string path)
    {
        var (method, body) = BadInput.Good(path);
        // A CloudEvent may carry extension attributes; its data may not.
        var field = path == Usage ? "data.surprise" : "surprise";
        return fixture.LeavesNoTraceAsync(method, path, body.With(field, "1"), 400, "invalid-input", field);
    }

    [Theory]
    [InlineData(Pool, "{\"model\":\"a\",\"model\":\"b\"}", "model")]
    [InlineData(Admissions, "{\"inputTokens\":1,\"inputTokens\":1000}", "inputTokens")]
    [InlineData(Admissions, "{\"inputTokens\":1,\"InputTokens\":1000}", "InputTokens")]
    [InlineData(Usage, "{\"id\":\"a\",\"id\":\"b\"}", "id")]
    [InlineData(Usage, "{\"data\":{\"outputTokens\":1,\"outputTokens\":2}}", "outputTokens")]
    public Task Refuses_a_field_that_stands_twice(string path, string body, string twice) => fixture.LeavesNoTraceAsync(async () =>
    {
        var answer = await fixture.Of(path).SendAsync(BadInput.Good(path).Method, path, body, path == Usage ? ApiClient.Usage : "application/json");
        Assert.Equal((400, "invalid-input"), (answer.Status, answer.Text("reason")));
        Assert.Contains($"'{twice}'", answer.Text("detail"), StringComparison.OrdinalIgnoreCase);
    });

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Refuses_a_body_that_is_not_the_JSON_it_should_be(string path)
    {
        var (method, _) = BadInput.Good(path);
        var deep = new string('[', 100_000);
        foreach (var body in (string[])["", " ", "null", "{", "}", path == Corrections ? "[" : "[]", "7", "\"text\"", "{\"a\":1", "{'a':1}", "\u0000", deep, deep.Replace("[", "{\"a\":", StringComparison.Ordinal)])
            await fixture.LeavesNoTraceAsync(async () =>
            {
                var answer = await fixture.Of(path).SendAsync(method, path, body, path == Usage ? ApiClient.Usage : "application/json");
                Assert.True(answer.Status == 400 && answer.Json["errors"] is not null, $"'{body[..Math.Min(20, body.Length)]}': {answer.Status} {answer.Body}");
            });
    }

    [Theory]
    [MemberData(nameof(Addresses))]
    public Task Refuses_another_content_type(string path) => fixture.LeavesNoTraceAsync(async () =>
    {
        var (method, body) = BadInput.Good(path);
        foreach (var type in (string?[])["text/plain", "application/xml", "multipart/form-data", null])
            (await fixture.Of(path).SendAsync(method, path, body.ToJsonString(), type)).MustRefuse(415, "content-type");
    });

    [Theory]
    [MemberData(nameof(Addresses))]
    public Task Refuses_a_huge_body(string path) => fixture.LeavesNoTraceAsync(async () =>
    {
        var (method, _) = BadInput.Good(path);
        var huge = $"{{\"more\":\"{new string('a', path == Usage ? 17_000_000 : 1_100_000)}\"}}";
        (await fixture.Of(path).SendAsync(method, path, huge, path == Usage ? ApiClient.Usage : "application/json")).MustRefuse(413, "body-too-large");
    });

    [Fact]
    public Task Refuses_a_batch_that_is_not_a_list_or_has_too_many_events() => fixture.LeavesNoTraceAsync(async () =>
    {
        foreach (var body in (string[])["{}", $"[{string.Join(',', Enumerable.Repeat("1", 10_001))}]"])
            (await fixture.Gateway.SendAsync(HttpMethod.Post, Usage, body, ApiClient.UsageBatch)).MustRefuse(400, "invalid-input", "body");
    });
}
