namespace TokenLedger.Tests.Integration.Http;

/// <summary>Reports and corrections of usage that are not what they should be: each names the field that is wrong, and none reaches the ledger.</summary>
[Collection(typeof(BadInputTests))]
public sealed class BadUsageTests(BadInput fixture)
{
    private const string Usage = "/v1/usage", Corrections = BadInput.Corrections;

    [Theory]
    [InlineData(Corrections, "id", null, "id")]
    [InlineData(Corrections, "id", "\"tokenledger:mine\"", "id")]
    [InlineData(Corrections, "corrects", null, "corrects")]
    [InlineData(Corrections, "corrects.source", null, "corrects.source")]
    [InlineData(Corrections, "corrects.id", "\"\"", "corrects.id")]
    [InlineData(Corrections, "deltas", null, "deltas")]
    [InlineData(Corrections, "deltas", "{}", "deltas")]
    [InlineData(Corrections, "deltas.outputTokens", "0", "deltas")]
    [InlineData(Corrections, "deltas.outputTokens", "1.5", "deltas.outputTokens")]
    [InlineData(Corrections, "deltas.outputTokens", "-1000000001", "deltas.outputTokens")]
    [InlineData(Corrections, "deltas.costMicros", "1", "deltas.costMicros")]
    [InlineData(Corrections, "reason", null, "reason")]
    [InlineData(Corrections, "reason", "\" \"", "reason")]
    [InlineData(Usage, "source", "\"tokenledger:lease-expired\"", "source")]
    [InlineData(Usage, "specversion", "\"0.3\"", "specversion")]
    [InlineData(Usage, "type", "\"tokenledger.tokens-consumed.v2\"", "type")]
    [InlineData(Usage, "id", "\"\"", "id")]
    [InlineData(Usage, "id", "7", "id")]
    [InlineData(Usage, "id", "\"\\u0000\"", "id")]
    [InlineData(Usage, "id", "\"\\udc00\"", "id")]
    [InlineData(Usage, "subject", "\"not-a-uuid\"", "subject")]
    [InlineData(Usage, "data", "null", "data")]
    [InlineData(Usage, "data", "[]", "data")]
    [InlineData(Usage, "data", "\"{}\"", "data")]
    [InlineData(Usage, "datacontenttype", "\"text/xml\"", "datacontenttype")]
    [InlineData(Usage, "time", "\"9999-01-01T00:00:00Z\"", "time")]
    [InlineData(Usage, "time", "\"today\"", "time")]
    [InlineData(Usage, "data.inputTokens", "null", "data.inputTokens")]
    [InlineData(Usage, "data.inputTokens", "1000000001", "data.inputTokens")]
    [InlineData(Usage, "data.cachedInputTokens", "101", "data.cachedInputTokens")]
    [InlineData(Usage, "data.reasoningTokens", "51", "data.reasoningTokens")]
    [InlineData(Usage, "data.outcome", "\"lost\"", "data.outcome")]
    [InlineData(Usage, "data.pool", "\"a b\"", "data.pool")]
    [InlineData(Usage, "data.more", "1", "data.more")]
    [InlineData(Usage, "data.startedAt", "\"9999-01-01T00:00:00Z\"", "data.startedAt")]
    [InlineData(Usage, "data.completedAt", "\"1999-12-31T23:59:59Z\"", "data.completedAt")]
    public Task Names_the_field_that_is_wrong(string path, string field, string? value, string named) =>
        fixture.LeavesNoTraceAsync(HttpMethod.Post, path, BadInput.Good(path).Body.With(field, value), 400, "invalid-input", named);

    [Theory]
    [InlineData("data.inputTokens", null)]
    [InlineData("data.outputTokens", "-1")]
    [InlineData("data.outputTokens", "1.5")]
    [InlineData("data.cachedInputTokens", "101")]
    [InlineData("data.reasoningTokens", "21")]
    [InlineData("data.outcome", "\"completed\"")]
    [InlineData("data.reportedAt", "\"9999-01-01T00:00:00Z\"")]
    [InlineData("data.pool", "\"a b\"")]
    [InlineData("subject", "\"not-a-uuid\"")]
    public Task Names_the_field_of_an_interim_report_that_is_wrong(string field, string? value) =>
        fixture.LeavesNoTraceAsync(HttpMethod.Post, Usage, Bodies.Streamed(Guid.NewGuid()).With(field, value), 400, "invalid-input", field);

    [Fact]
    public Task Refuses_too_many_corrections_at_once() => fixture.LeavesNoTraceAsync(async () =>
        (await fixture.Api.Operator.SendAsync(HttpMethod.Post, Corrections, $"[{string.Join(',', Enumerable.Repeat("1", 10_001))}]")).MustRefuse(400, "invalid-input", "body"));
}
