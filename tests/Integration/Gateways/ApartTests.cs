using TokenLedger.Contracts;
using TokenLedger.Engine;
using TokenLedger.Gateway;
using TokenLedger.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>The gateway as a process of its own: it asks Admission and Metering over HTTP by the client library.</summary>
public sealed class ApartTests(PostgresServer postgres)
{
    private const string Body = """{"messages":[{"role":"user","content":"hello there"}],"max_tokens":20,"ignore_eos":true,"stream":true}""";

    [Fact]
    public async Task Admits_serves_and_reports_over_HTTP()
    {
        await using var site = await Site.StartAsync(postgres);
        var answer = (await site.PostAsync(Body)).MustBe(200);
        var used = (await site.Services.Events.FirstAsync<TokensConsumed>(e => e.Request == answer.Request)).Data;
        Assert.Equal((2, 20, Outcome.Completed), (used.InputTokens, used.OutputTokens, used.Outcome));
        Assert.NotEmpty(answer.Headers["x-ratelimit-limit-tokens"]);
    }

    [Fact]
    public async Task Passes_a_refusal_on_in_the_shape_of_the_API()
    {
        await using var site = await Site.StartAsync(postgres);
        var refused = (await site.PostAsync(Body.Replace("20", "90000000", StringComparison.Ordinal))).MustBe(422);
        Assert.Equal(("never-fits", "invalid_request_error"), ((string?)refused.Json["error"]!["code"], (string?)refused.Json["error"]!["type"]));
        var anthropic = (await site.PostAsync(Body.Replace("20", "90000000", StringComparison.Ordinal), "/v1/messages")).MustBe(422);
        Assert.Equal(("error", "invalid_request_error"), ((string?)anthropic.Json["type"], (string?)anthropic.Json["error"]!["type"]));
    }

    /// <summary>Metering is away when the answer ends: the client gets its answer, and the usage is recorded when Metering is back.</summary>
    [Fact]
    public async Task Keeps_usage_until_Metering_takes_it()
    {
        await using var site = await Site.StartAsync(postgres, ("Gateway:ReportMs", "100"));
        site.Meter.IsAway = true;
        var answer = (await site.PostAsync(Body)).MustBe(200);
        Assert.EndsWith("data: [DONE]\n\n", answer.Text, StringComparison.Ordinal);
        Assert.Empty(await site.Services.Events.AllAsync<TokensConsumed>(_ => true));
        site.Meter.IsAway = false;
        Assert.Equal(20, (await site.Services.Events.FirstAsync<TokensConsumed>(e => e.Request == answer.Request)).Data.OutputTokens);
    }

    /// <summary>Nobody says whether there is room: the request is refused, and comes to no server.</summary>
    [Fact]
    public async Task Refuses_when_Admission_does_not_answer()
    {
        await using var site = await Site.StartAsync(postgres, ("Gateway:AdmissionUrl", "http://127.0.0.1:1"));
        var refused = (await site.PostAsync(Body)).MustBe(503);
        Assert.Equal(("ledger-unavailable", "1"), ((string?)refused.Json["error"]!["code"], refused.Headers["Retry-After"]));
        Assert.Empty(site.Engine.Log);
    }

    /// <summary>Of a request whose gateway died the server is asked, and told for until Metering takes it; of one that came to no server nothing is billed.</summary>
    [Fact]
    public async Task Tells_the_ends_of_a_gateway_that_died_when_Metering_is_back()
    {
        await using var site = await Site.StartAsync(postgres, ("Gateway:UsagePath", SimulatedEngine.UsagePath), ("Gateway:ReportKey", ApiInstance.OperatorKey));
        (await site.Services.Operator.PutAsync($"/v1/pools/{GatewaySite.Pool}", Bodies.Pool().But("leaseSeconds", "1"))).MustBe(200);
        site.Meter.IsAway = true;
        var (served, unsent) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await site.AskEngineAsync(served, Body.Replace("\"stream\":true", "\"stream\":false", StringComparison.Ordinal));
        foreach (var request in (Guid[])[served, unsent]) (await site.Services.With(site.Key).AdmitAsync(request)).MustBe(201);
        var (expiry, _) = await site.Services.Events.FirstAsync<ReservationExpired>(e => e.Request.Value == unsent);
        await site.Services.Events.FirstAsync<ReservationExpired>(e => e.Request.Value == served);
        // Another request is answered all the same: nothing waits for the ends of others.
        (await site.PostAsync(Body)).MustBe(200);
        Assert.Empty(await site.Services.Events.AllAsync<TokensConsumed>(_ => true));
        site.Meter.IsAway = false;
        var used = (await site.Services.Events.FirstAsync<TokensConsumed>(e => e.Request.Value == served)).Data;
        Assert.Equal((2, 20, Outcome.Failed, true), (used.InputTokens, used.OutputTokens, used.Outcome, used.Admitted));
        await site.Services.Events.UntilAsync(async () => await site.Services.Ledger.LoadCheckpointAsync($"gateway-ends-{GatewaySite.Pool}", Hosting.Within.Patience()) >= expiry);
        Assert.Empty(await site.Services.Events.AllAsync<TokensConsumed>(e => e.Request.Value == unsent));
    }

    /// <summary>The ends of another gateway's requests are told with the gateway's own key: without one it does not start.</summary>
    [Theory]
    [InlineData("/requests/{id}", "", "TokenLedger:Gateway:ReportKey is required with UsagePath where Metering is another process.")]
    [InlineData("/requests", "a-key", "TokenLedger:Gateway:UsagePath must begin with a slash and contain {id}.")]
    public async Task Does_not_start_when_it_could_not_tell_the_ends_of_others(string usagePath, string reportKey, string sentence)
    {
        using var errors = new StringWriter(System.Globalization.CultureInfo.InvariantCulture);
        var exitCode = await TokenLedgerProcess.RunAsync(
            [$"--TOKENLEDGER_POSTGRES={await postgres.CreateConnectionStringAsync("keyless")}", $"--TokenLedger:Gateway:UsagePath={usagePath}", $"--TokenLedger:Gateway:ReportKey={reportKey}"], "gateway", "http://127.0.0.1:0",
            builder => builder.AddGateway(), app => app.MapGateway(), errors);
        Assert.Equal((2, sentence), (exitCode, errors.ToString().TrimEnd()));
    }

    /// <summary>The process ends in the middle of an answer: nothing is held when its lease has run out.</summary>
    [Fact]
    public async Task Holds_nothing_after_a_gateway_was_killed()
    {
        await using var site = await Site.StartAsync(postgres);
        (await site.Services.Operator.PutAsync($"/v1/pools/{GatewaySite.Pool}", Bodies.Pool().But("leaseSeconds", "1"))).MustBe(200);
        var killed = new Scenarios.ProductProcess("Gateway", new Dictionary<string, string>
        {
            ["TOKENLEDGER_POSTGRES"] = site.Database,
            ["TokenLedger__Gateway__AdmissionUrl"] = site.Services.Address,
            ["TokenLedger__Gateway__MeteringUrl"] = site.Services.Address,
            [$"TokenLedger__Gateway__Upstreams__{GatewaySite.Pool}__0"] = site.Engine.Address.ToString(),
        });
        await using (killed)
        {
            await killed.StartAsync();
            using var http = new HttpClient();
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(killed.Url, "/v1/chat/completions")) { Content = new StringContent(Body.Replace("20", "20000", StringComparison.Ordinal)) };
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {site.Key}");
            using var response = (await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Hosting.Within.Patience())).EnsureSuccessStatusCode();
            await killed.KillAsync();
            var id = RequestId.Parse(response.Headers.GetValues("x-request-id").Single());
            await site.Services.Events.FirstAsync<ReservationExpired>(e => e.Request == id);
        }
        Assert.Equal(0, (long)(await site.Services.Operator.GetAsync($"/v1/pools/{GatewaySite.Pool}")).MustBe(200).Json["openReservations"]!);
        // The engine noticed, too, and stopped.
        await site.Services.Events.UntilAsync(() => Task.FromResult(site.Engine.Log.Count == 1));
        Assert.InRange(site.Engine.Log[0].OutputTokens, 1, 19_999);
    }

    /// <summary>A gateway alone, the services alone, an engine; between gateway and Metering a door that can be shut.</summary>
    private sealed class Site(ApiInstance services, ApiInstance gateway, SimulatedEngine engine, Door meter, string database) : IAsyncDisposable
    {
        private readonly HttpClient _http = new();

        public ApiInstance Services => services;
        public SimulatedEngine Engine => engine;
        public Door Meter => meter;
        public string Database => database;
        public string Key { get; private set; } = "";

        public static async Task<Site> StartAsync(PostgresServer postgres, params (string Name, string Value)[] settings)
        {
            var database = await postgres.CreateConnectionStringAsync("apart");
            var services = await ApiInstance.StartAsync(database, clock: null, ("Admission:SweepIntervalMs", "50"));
            var engine = await SimulatedEngine.StartAsync(GatewaySite.Engine with { TokensPerSecond = 500 });
            var meter = await Door.StartAsync(new(services.Address));
            var gateway = await ApiInstance.StartAsync(builder => builder.AddGateway(), app => app.MapGateway(), database, clock: null,
                [("Gateway:AdmissionUrl", services.Address), ("Gateway:MeteringUrl", meter.Address.ToString()), .. GatewaySite.Upstreams([engine.Address]), .. settings]);
            await services.OpenPoolAsync(GatewaySite.Pool);
            await services.GrantAsync(GatewaySite.Pool, "chat");
            return new(services, gateway, engine, meter, database) { Key = (await services.IssueKeyAsync(GatewaySite.Pool, "chat")).Text("key") };
        }

        public async Task<RawAnswer> PostAsync(string body, string path = "/v1/chat/completions")
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, gateway.Address + path) { Content = new StringContent(body) };
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Key}");
            using var response = await _http.SendAsync(request, Hosting.Within.Patience());
            return new((int)response.StatusCode, response.Headers.ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase), await response.Content.ReadAsByteArrayAsync(Hosting.Within.Patience()));
        }

        /// <summary>As a gateway would, that dies before it can tell.</summary>
        public async Task AskEngineAsync(Guid id, string body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(engine.Address, "/v1/chat/completions")) { Content = new StringContent(body) };
            request.Headers.Add("x-request-id", id.ToString());
            using var response = await _http.SendAsync(request, Hosting.Within.Patience());
            response.EnsureSuccessStatusCode();
        }

        public async ValueTask DisposeAsync()
        {
            _http.Dispose();
            await gateway.DisposeAsync();
            await meter.DisposeAsync();
            await services.DisposeAsync();
            await engine.DisposeAsync();
        }
    }
}
