using System.Net;
using System.Text;
using TokenLedger.Client;
using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;
using TokenLedger.Tests.Unit.Cli;

namespace TokenLedger.Tests.Unit.Client;

/// <summary>The client against services that answer what they are told to, on a clock without waiting.</summary>
public sealed class TokenLedgerClientTests : IDisposable
{
    private const string Admitted = """
        {"requestId":"0f8fad5b-d9cb-469f-a165-70867728950e","pool":"p","entitlement":"e","reserved":{"tokens":5,"kvCacheBytes":5,"sequences":1},"expectedOutputTokens":2,
         "weight":1,"expiresAt":"2026-01-31T12:00:00Z","ledgerPosition":7,"newerField":true}
        """;
    private static readonly RequestId s_request = RequestId.Parse("0f8fad5b-d9cb-469f-a165-70867728950e");
    private readonly Scripted _service = new();
    private readonly ImpatientTime _time = new();

    [Fact]
    public async Task Reads_an_admission_even_of_a_newer_service()
    {
        _service.Then(201, Admitted);
        var granted = Assert.IsType<Granted<AdmissionView>>(await AdmitAsync());
        Assert.Equal((7, "10"), (granted.Value.LedgerPosition, granted.Headers["x-ratelimit-limit-requests"]));
        Assert.Equal("POST http://admission/v1/admissions Bearer key {\"requestId\":\"0f8fad5b-d9cb-469f-a165-70867728950e\",\"inputTokens\":3}", Assert.Single(_service.Asked));
    }

    [Fact]
    public async Task Gives_a_refusal_with_its_rule_and_when_to_come_back()
    {
        _service.Then(429, """{"reason":"tokens-exceeded","detail":"Too much.","retryAfterMs":1500}""");
        var refused = Assert.IsType<Refused<AdmissionView>>(await AdmitAsync());
        Assert.Equal((DenialReason.TokensExceeded, TimeSpan.FromSeconds(1.5), "Too much."), (refused.Rule, refused.RetryAfter, refused.Detail));
        Assert.Single(_service.Asked);
    }

    [Fact]
    public async Task Waits_refusals_out_when_it_is_told_to_and_not_before_the_service_said()
    {
        _service.Then(429, """{"reason":"tokens-exceeded","retryAfterMs":1500}""").Then(201, Admitted);
        Assert.IsType<Granted<AdmissionView>>(await AdmitAsync(retryRefusals: true));
        Assert.Equal(TimeSpan.FromSeconds(1.5), _time.Elapsed);
    }

    [Fact]
    public async Task Does_not_wait_longer_than_its_bound()
    {
        _service.Then(429, """{"reason":"tokens-exceeded","retryAfterMs":60000}""");
        Assert.IsType<Refused<AdmissionView>>(await AdmitAsync(retryRefusals: true));
        Assert.Equal(TimeSpan.Zero, _time.Elapsed);
    }

    [Theory]
    [InlineData(503, """{"reason":"ledger-unavailable"}""")]
    [InlineData(502, "<html>a proxy in between</html>")]
    public async Task Tries_a_moments_trouble_again_a_bounded_number_of_times(int status, string body)
    {
        _service.Then(status, body).Then(status, body).Then(status, body).Then(201, Admitted);
        Assert.Equal(status, Assert.IsType<Refused<AdmissionView>>(await AdmitAsync()).Status);
        Assert.Equal(3, _service.Asked.Count);
    }

    [Fact]
    public async Task Says_that_nobody_answered()
    {
        await Assert.ThrowsAsync<HttpRequestException>(() => AdmitAsync());
        Assert.Equal(3, _service.Asked.Count);
    }

    [Fact]
    public async Task Asks_for_the_rest_of_a_requests_life()
    {
        const string reservation = """{"requestId":"0f8fad5b-d9cb-469f-a165-70867728950e","pool":"p","entitlement":"e","outstanding":{"tokens":5,"kvCacheBytes":5,"sequences":1},"expiresAt":"2026-01-31T12:00:00Z","ledgerPosition":8}""";
        const string used = """{"id":"i","source":"s","status":202,"ledgerPosition":9,"duplicate":false,"admitted":true}""";
        _service.Then(200, reservation).Then(200, reservation).Then(200, reservation).Then(202, used).Then(202, $$"""{"accepted":1,"rejected":0,"results":[{{used}}]}""");
        var (client, ct) = (Client(false), TestContext.Current.CancellationToken);
        await client.FirstTokenAsync("key", s_request, ct);
        await client.RenewAsync("key", s_request, ct);
        Assert.Equal(8, ((Granted<ReservationView>)await client.ReleaseAsync("key", s_request, ct)).Value.LedgerPosition);
        var consumption = new Consumption("s", "i", s_request, new(null, 3, 4, Outcome.Completed));
        Assert.Equal(9, ((Granted<UsageResult>)await client.ReportAsync("key", consumption, ct)).Value.LedgerPosition);
        Assert.Equal(1, ((Granted<UsageBatchResult>)await client.ReportAsync("key", [consumption], ct)).Value.Accepted);
        _service.Then(202, used);
        Assert.Equal(9, ((Granted<UsageResult>)await client.ProgressAsync("key", new("s", "i/1", s_request, new(null, 3, 2)), ct)).Value.LedgerPosition);
        Assert.Contains(CloudEvent.TokensStreamedType, _service.Asked[^1], StringComparison.Ordinal);
        Assert.Equal(
            [$"POST http://admission/v1/admissions/{s_request}/first-token", $"POST http://admission/v1/admissions/{s_request}/renew", $"DELETE http://admission/v1/admissions/{s_request}", "POST http://metering/v1/usage", "POST http://metering/v1/usage", "POST http://metering/v1/usage"],
            _service.Asked.Select(asked => asked.Split(" Bearer")[0]));
    }

    public void Dispose() => _service.Dispose();

    private Task<Answer<AdmissionView>> AdmitAsync(bool retryRefusals = false) => Client(retryRefusals).AdmitAsync("key", new(s_request, 3), TestContext.Current.CancellationToken);

    private TokenLedgerClient Client(bool retryRefusals) =>
        new(new HttpClient(_service), new() { Admission = new("http://admission"), Metering = new("http://metering"), RetryRefusals = retryRefusals }, _time);

    private sealed class Scripted : HttpMessageHandler
    {
        private readonly Queue<(int Status, string Body)> _answers = [];

        public List<string> Asked { get; } = [];

        public Scripted Then(int status, string body)
        {
            _answers.Enqueue((status, body));
            return this;
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Add($"{request.Method} {request.RequestUri} {request.Headers.Authorization} {(request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken))}".Trim());
            if (!_answers.TryDequeue(out var answer)) throw new HttpRequestException("nobody listens");
            return new((HttpStatusCode)answer.Status) { Content = new StringContent(answer.Body, Encoding.UTF8), Headers = { { "x-ratelimit-limit-requests", "10" } } };
        }
    }
}
