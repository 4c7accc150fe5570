using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Npgsql;
using TokenLedger.Contracts;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>The endpoint that other gateways ask before they pass a request on: an admission, in headers.</summary>
public sealed class AuthorizeTests(AuthorizeFixture pool, PostgresServer postgres) : IClassFixture<AuthorizeFixture>
{
    private const string Path = "/v1/authorize";

    [Fact]
    public async Task Admits_as_a_post_does()
    {
        var request = Guid.NewGuid();
        var granted = (await AskAsync(("x-request-id", $"{request}"), ("x-tokenledger-input-tokens", "100"), ("x-tokenledger-max-output-tokens", "50"), ("x-tokenledger-workload", "chat"), ("x-tokenledger-wait-ms", "0"))).MustBe(200);
        Assert.Equal(("", "no-store"), (granted.Body, granted.Header("Cache-Control")));
        var (position, admitted) = await pool.Api.Events.FirstAsync<RequestAdmitted>(e => e.Request.Value == request);
        Assert.Equal((100, 50, "chat"), (admitted.InputTokens, admitted.MaxOutputTokens, admitted.Workload));
        Assert.Equal(($"{request}", $"{position}", "pool", "chat"), (granted.Header("x-request-id"), granted.Header("x-tokenledger-position"), granted.Header("x-tokenledger-pool"), granted.Header("x-tokenledger-entitlement")));
        foreach (var name in RateLimits) Assert.NotEmpty(granted.Header(name));
        // One request, whichever way it is repeated.
        Assert.Equal(position, (await pool.Gateway.AdmitAsync(request)).MustBe(200).Position);
        Assert.Equal($"{position}", (await AskAsync(("x-request-id", $"{request:N}"), ("x-tokenledger-input-tokens", "100"), ("x-tokenledger-max-output-tokens", "50"), ("x-tokenledger-workload", "chat"))).MustBe(200).Header("x-tokenledger-position"));
        Assert.Equal("request-id-reused", (await AskAsync(("x-request-id", $"{request}"), ("x-tokenledger-input-tokens", "101"))).MustRefuse(409, "request-id-reused").Header("x-tokenledger-reason"));
        (await pool.Gateway.UseAsync(request)).MustBe(202);
        await pool.Api.Events.FirstAsync<ReservationSettled>(e => e.Request.Value == request);
    }

    [Theory]
    [InlineData("x-tokenledger-body-bytes", "9", 3)]
    [InlineData("x-tokenledger-body-bytes", "0", 0)]
    [InlineData("x-tokenledger-input-tokens", "7", 7)]
    public async Task Takes_four_bytes_for_a_token_that_nobody_counted(string header, string value, long tokens) => Assert.Equal(tokens, await InputAsync(await AskAsync((header, value))));

    [Fact]
    public async Task Takes_the_length_of_a_body_that_the_gateway_sends_along() =>
        Assert.Equal(2, await InputAsync(await SendAsync(HttpMethod.Post, Path, "12345", ("Authorization", $"Bearer {pool.Key}"))));

    private async Task<long> InputAsync(ApiAnswer answer)
    {
        var id = RequestId.Parse(answer.MustBe(200).Header("x-request-id"));
        (await pool.Gateway.DeleteAsync($"/v1/admissions/{id}")).MustBe(200);
        return (await pool.Api.Events.FirstAsync<RequestAdmitted>(e => e.Request == id)).Data.InputTokens;
    }

    [Theory]
    [InlineData(null)]
    [InlineData("abc")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("00000000000000000000000000000000")]
    [InlineData("{0f8fad5b-d9cb-469f-a165-70867728950e}")]
    public async Task Makes_an_id_where_none_is_given(string? id)
    {
        var answer = await AskAsync(id is null ? [("x-tokenledger-input-tokens", "1")] : [("x-request-id", id), ("x-tokenledger-input-tokens", "1")]);
        Assert.Equal(1, await InputAsync(answer));
        Assert.Equal(7, Guid.Parse(answer.Header("x-request-id")).Version);
    }

    /// <summary>The check request of ext_authz as Envoy documents it: the request's method, its path and query behind the prefix, no body, the headers that it is allowed.</summary>
    [Theory]
    [InlineData("POST", "/v1/chat/completions")]
    [InlineData("POST", "/v1/chat/completions?stream=true")]
    [InlineData("PUT", "/")]
    [InlineData("OPTIONS", "/a/b")]
    [InlineData("PATCH", "")]
    public async Task Answers_Envoy_whatever_it_asks_for(string method, string path)
    {
        var request = Guid.NewGuid();
        (string, string)[] headers = [("Authorization", $"Bearer {pool.Key}"), ("x-request-id", $"{request}"), ("x-tokenledger-body-bytes", "400"), ("Host", "models.example")];
        (await SendAsync(new(method), Path + path, "", headers)).MustBe(200);
        Assert.Equal(100, (await pool.Api.Events.FirstAsync<RequestAdmitted>(e => e.Request.Value == request)).Data.InputTokens);
        (await pool.Gateway.DeleteAsync($"/v1/admissions/{request}")).MustBe(200);
        (await SendAsync(new(method), Path + path, "")).MustRefuse(401, "key-unknown");
    }

    /// <summary>Every header that the endpoint writes is one that the configuration of Envoy lets through, and each that this names is written.</summary>
    [Fact]
    public async Task Writes_the_headers_that_Envoy_is_told_to_pass_on()
    {
        var granted = (await AskAsync(("x-tokenledger-input-tokens", "1"))).MustBe(200);
        var request = granted.Header("x-request-id");
        (await pool.Gateway.DeleteAsync($"/v1/admissions/{request}")).MustBe(200);
        var refused = (await AskAsync(("x-tokenledger-input-tokens", "90000000"))).MustRefuse(422, "never-fits");
        var unknown = (await SendAsync(HttpMethod.Get, Path, null)).MustRefuse(401, "key-unknown");
        var full = (await SendAsync(HttpMethod.Get, Path, null, ("Authorization", $"Bearer {await pool.FillAsync("full")}"), ("x-tokenledger-input-tokens", "1"))).MustBe(429);
        Assert.Equal([], Unmatched([granted], "allowed_upstream_headers", "allowed_client_headers_on_success"));
        Assert.Equal([], Unmatched([refused, unknown, full], "allowed_client_headers"));
    }

    /// <summary>Names that answers have and no pattern, and patterns that no answer has.</summary>
    private static IEnumerable<string> Unmatched(ApiAnswer[] answers, params string[] settings)
    {
        var lines = File.ReadAllLines(System.IO.Path.Combine(Checkout.Root, "infra/envoy/envoy.yaml"));
        string[] patterns = [.. settings.SelectMany(setting => Regex.Matches(lines.Single(line => line.Contains(setting + ":", StringComparison.Ordinal)), @"\{ (exact|prefix): [a-z-]+ \}").Select(match => match.Value)).Distinct()];
        string[] names = [.. answers.SelectMany(answer => answer.Headers.Keys).Select(name => name.ToLowerInvariant()).Except(["date", "content-length", "transfer-encoding", "cache-control"])];
        return [.. names.Where(name => !patterns.Any(pattern => Matches(pattern, name))), .. patterns.Where(pattern => !names.Any(name => Matches(pattern, name)))];

        static bool Matches(string pattern, string name)
        {
            var word = pattern.Split(' ')[2];
            return pattern.Contains("exact", StringComparison.Ordinal) ? name == word : name.StartsWith(word, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Refuses_as_a_post_does()
    {
        var key = await pool.FillAsync("one");
        var posted = (await pool.Api.With(key).AdmitAsync(Guid.NewGuid())).MustRefuse(429, "concurrency-exceeded");
        (string, string)[] headers = [("Authorization", $"Bearer {key}"), ("x-tokenledger-input-tokens", "100"), ("x-tokenledger-max-output-tokens", "50")];
        var refused = (await SendAsync(HttpMethod.Get, Path, null, headers)).MustRefuse(429, "concurrency-exceeded");
        Assert.Equal(Without(posted.Json, "traceId", "retryAfterMs"), Without(refused.Json, "traceId", "retryAfterMs"));
        Assert.Equal(("concurrency-exceeded", false), (refused.Header("x-tokenledger-reason"), refused.Headers.ContainsKey("x-tokenledger-status")));
        foreach (var name in (string[])[.. RateLimits, "Retry-After", "x-request-id"]) Assert.NotEmpty(refused.Header(name));

        var masked = (await SendAsync(HttpMethod.Get, Path, null, [.. headers, ("x-tokenledger-refusal-status", "403")])).MustBe(403);
        Assert.Equal(("429", "concurrency-exceeded", 429), (masked.Header("x-tokenledger-status"), masked.Header("x-tokenledger-reason"), masked.Long("status")));
        foreach (var name in (string[])[.. RateLimits, "Retry-After", "x-request-id"]) Assert.NotEmpty(masked.Header(name));
    }

    [Theory]
    [InlineData(401, "key-unknown", "Authorization", "Bearer not-a-key")]
    [InlineData(401, "key-unknown", "x-api-key", "not-a-key")]
    [InlineData(403, "entitlement-unknown", "Authorization", "Bearer " + ApiInstance.OperatorKey)]
    public async Task Refuses_keys_that_may_not_ask(int status, string reason, string header, string value)
    {
        (await SendAsync(HttpMethod.Get, Path, null, (header, value), ("x-tokenledger-input-tokens", "1"))).MustRefuse(status, reason);
        var masked = (await SendAsync(HttpMethod.Get, Path, null, (header, value), ("x-tokenledger-input-tokens", "1"), ("x-tokenledger-refusal-status", "403"))).MustBe(403);
        Assert.Equal(($"{status}", reason), (masked.Header("x-tokenledger-status"), masked.Header("x-tokenledger-reason")));
    }

    /// <summary>What no rule refused has the status that was asked for, too.</summary>
    [Fact]
    public async Task Refuses_while_the_database_is_away()
    {
        await using var own = new AuthorizeFixture(postgres);
        await own.InitializeAsync();
        await using var administration = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(own.Database) { Database = "postgres" }.ConnectionString);
        var name = new NpgsqlConnectionStringBuilder(own.Database).Database;
        await RunAsync(administration, $"ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS false");
        await RunAsync(administration, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        (string, string)[] headers = [("Authorization", $"Bearer {own.Key}"), ("x-tokenledger-input-tokens", "1")];
        var refused = (await own.SendAsync(HttpMethod.Get, Path, null, headers)).MustRefuse(503, "ledger-unavailable");
        Assert.Equal("1", refused.Header("Retry-After"));
        var masked = (await own.SendAsync(HttpMethod.Get, Path, null, [.. headers, ("x-tokenledger-refusal-status", "403")])).MustBe(403);
        Assert.Equal(("503", "ledger-unavailable", "1"), (masked.Header("x-tokenledger-status"), masked.Header("x-tokenledger-reason"), masked.Header("Retry-After")));
        await RunAsync(administration, $"ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS true");
    }

    private static async Task RunAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Within.Patience());
    }

    [Fact]
    public async Task Takes_the_key_from_the_other_header() =>
        await InputAsync(await SendAsync(HttpMethod.Get, Path, null, ("x-api-key", pool.Key), ("x-tokenledger-input-tokens", "1")));

    [Theory]
    [InlineData("x-tokenledger-input-tokens", "-1")]
    [InlineData("x-tokenledger-input-tokens", "+1")]
    [InlineData("x-tokenledger-input-tokens", "1.0")]
    [InlineData("x-tokenledger-input-tokens", "many")]
    [InlineData("x-tokenledger-input-tokens", "100000001")]
    [InlineData("x-tokenledger-input-tokens", "99999999999999999999")]
    [InlineData("x-tokenledger-body-bytes", "-1")]
    [InlineData("x-tokenledger-body-bytes", "400000001")]
    [InlineData("x-tokenledger-max-output-tokens", "1e3")]
    [InlineData("x-tokenledger-max-output-tokens", "100000001")]
    [InlineData("x-tokenledger-wait-ms", "600001")]
    [InlineData("x-tokenledger-wait-ms", "soon")]
    [InlineData("x-tokenledger-workload", "01234567890123456789012345678901234567890123456789012345678901234")]
    [InlineData("x-tokenledger-refusal-status", "404")]
    [InlineData("x-api-key", "another-key")]
    public async Task Names_the_header_that_is_wrong(string header, string value)
    {
        var head = await pool.Api.Events.HeadAsync();
        var answer = await AskAsync(header is "x-tokenledger-input-tokens" or "x-tokenledger-body-bytes" ? [(header, value)] : [("x-tokenledger-input-tokens", "1"), (header, value)]);
        Assert.Equal("invalid-input", answer.MustRefuse(400, "invalid-input", header).Header("x-tokenledger-reason"));
        Assert.Equal(head, await pool.Api.Events.HeadAsync());
    }

    [Fact]
    public async Task Asks_for_the_size_of_the_request() => (await AskAsync()).MustRefuse(400, "invalid-input", "x-tokenledger-input-tokens");

    [Theory]
    [InlineData("?api_key=secret-of-a-tenant")]
    [InlineData("/v1/chat/completions?anything=tli_secret-of-a-tenant")]
    public async Task Refuses_a_key_in_the_address(string address)
    {
        (await SendAsync(HttpMethod.Get, Path + address, null, ("Authorization", $"Bearer {pool.Key}"), ("x-tokenledger-input-tokens", "1"))).MustRefuse(400, "key-in-address");
        Assert.DoesNotContain(pool.Api.Log.Lines, line => line.Contains("secret-of-a-tenant", StringComparison.Ordinal) && (line.StartsWith("Warning", StringComparison.Ordinal) || line.StartsWith("Error", StringComparison.Ordinal) || line.Contains(" TokenLedger.", StringComparison.Ordinal)));
    }

    private static readonly string[] RateLimits =
    [
        "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens", "RateLimit-Policy", "RateLimit",
    ];

    private Task<ApiAnswer> AskAsync(params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, Path, null, [("Authorization", $"Bearer {pool.Key}"), .. headers]);

    private Task<ApiAnswer> SendAsync(HttpMethod method, string path, string? body, params (string Name, string Value)[] headers) => pool.SendAsync(method, path, body, headers);

    private static string Without(JsonNode json, params string[] fields)
    {
        foreach (var field in fields) json.AsObject().Remove(field);
        return json.ToJsonString();
    }
}
