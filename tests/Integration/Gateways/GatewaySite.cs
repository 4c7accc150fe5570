using System.Text;
using System.Text.Json.Nodes;
using TokenLedger.Contracts;
using TokenLedger.Engine;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>An answer as its bytes.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public JsonNode Json => JsonNode.Parse(Bytes)!;

    public RequestId Request => RequestId.Parse(Headers["x-request-id"]);

    public RawAnswer MustBe(int status)
    {
        Assert.True(Status == status, $"{status} was expected, not {Status}: {Text}");
        return this;
    }
}

/// <summary>The product with its gateway in front of simulated engines, all on loopback, and one entitlement that may use the whole pool.</summary>
internal sealed class GatewaySite : IAsyncDisposable
{
    public const string Pool = "p";
    public const string Model = "llama";
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };

    private GatewaySite(ApiInstance api, IReadOnlyList<SimulatedEngine> engines) => (Api, Engines) = (api, engines);

    public ApiInstance Api { get; }
    public IReadOnlyList<SimulatedEngine> Engines { get; }
    public string Key { get; private set; } = "";

    public static EngineOptions Engine { get; } = new() { Port = 0, Model = Model, TokensPerSecond = 20_000, PrefillTokensPerSecond = 200_000, Slots = 64, DrainSeconds = 1 };

    public static Task<GatewaySite> StartAsync(PostgresServer postgres, params (string Name, string Value)[] settings) => StartAsync(postgres, [Engine, Engine], settings);

    public static async Task<GatewaySite> StartAsync(PostgresServer postgres, IReadOnlyList<EngineOptions> options, params (string Name, string Value)[] settings)
    {
        var engines = await Task.WhenAll(options.Select(SimulatedEngine.StartAsync));
        var site = new GatewaySite(await ApiInstance.StartAsync(
            await postgres.CreateConnectionStringAsync("gateway"), clock: null,
            [("Admission:SweepIntervalMs", "50"), ("Gateway:AbortPath", SimulatedEngine.AbortPath), .. Upstreams(engines.Select(engine => engine.Address)), .. settings]), engines);
        await site.Api.OpenPoolAsync(Pool);
        site.Key = await site.EnterAsync("all", Bodies.Entitlement().But("baseline.sequences", "100").But("baseline.tokensPerSecond", "150000").But("baseline.kvCacheBytes", "1500000000"));
        return site;
    }

    public static IEnumerable<(string Name, string Value)> Upstreams(IEnumerable<Uri> addresses) => addresses.Select((address, i) => ($"Gateway:Upstreams:{Pool}:{i}", address.ToString()));

    /// <summary>Another entitlement and its key.</summary>
    public async Task<string> EnterAsync(string entitlement, JsonObject terms)
    {
        await Api.GrantAsync(Pool, entitlement, terms);
        return (await Api.IssueKeyAsync(Pool, entitlement)).Text("key");
    }

    public Task<RawAnswer> PostAsync(string path, string body, string? key = null) => SendAsync(new Uri(Api.Address + path), Encoding.UTF8.GetBytes(body), key ?? Key);

    public Task<RawAnswer> DirectAsync(int engine, string path, string body) => SendAsync(new Uri(Engines[engine].Address, path), Encoding.UTF8.GetBytes(body), "");

    public async Task<RawAnswer> SendAsync(Uri address, byte[] body, string key)
    {
        using var request = Request(address, body, key);
        using var response = await _http.SendAsync(request, Within.Patience());
        return new((int)response.StatusCode, response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase),
            await response.Content.ReadAsByteArrayAsync(Within.Patience()));
    }

    /// <summary>Reads so many bytes of a stream and goes.</summary>
    public async Task<RequestId> LeaveAsync(string path, string body, int afterBytes)
    {
        using var request = Request(new Uri(Api.Address + path), Encoding.UTF8.GetBytes(body), Key);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Within.Patience());
        await using var stream = await response.Content.ReadAsStreamAsync(Within.Patience());
        await stream.ReadExactlyAsync(new byte[afterBytes], Within.Patience());
        return RequestId.Parse(response.Headers.GetValues("x-request-id").Single());
    }

    /// <summary>Sends a request and goes before its answer is there.</summary>
    public async Task GiveUpAsync(string path, string body, TimeSpan after)
    {
        using var patience = new CancellationTokenSource(after, TimeProvider.System);
        using var request = Request(new Uri(Api.Address + path), Encoding.UTF8.GetBytes(body), Key);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _http.SendAsync(request, patience.Token));
    }

    /// <summary>What the ledger says was used by a request, as soon as it says it.</summary>
    public async Task<TokensConsumed> UsedAsync(RequestId request) => (await Api.Events.FirstAsync<TokensConsumed>(e => e.Request == request)).Data;

    /// <summary>What the engines say was produced for a request.</summary>
    public LoggedRequest Produced(RequestId request) => Engines.SelectMany(engine => engine.Log).Single(entry => entry.RequestId == request.ToString());

    public Task NothingHeldAsync() => Api.Events.UntilAsync(async () => (long)(await Api.Operator.GetAsync($"/v1/pools/{Pool}")).MustBe(200).Json["openReservations"]! == 0);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Api.DisposeAsync();
        foreach (var engine in Engines) await engine.DisposeAsync();
    }

    private static HttpRequestMessage Request(Uri address, byte[] body, string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        if (key.Length > 0) request.Headers.TryAddWithoutValidation(address.AbsolutePath == "/v1/messages" ? "x-api-key" : "Authorization", address.AbsolutePath == "/v1/messages" ? key : $"Bearer {key}");
        return request;
    }
}

/// <summary>A site for the tests of one class.</summary>
public sealed class GatewayFixture(PostgresServer postgres) : IAsyncLifetime
{
    internal GatewaySite Site { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Site = await GatewaySite.StartAsync(postgres, [GatewaySite.Engine]);

    public ValueTask DisposeAsync() => Site.DisposeAsync();
}
