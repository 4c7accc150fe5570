using TokenLedger.Contracts;
using TokenLedger.Engine;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Gateways;

/// <summary>nginx before a simulated engine, with the services, and a door to Metering that can be shut.</summary>
internal sealed class NginxSite : IAsyncDisposable
{
    private readonly HttpClient _http;

    private NginxSite(ApiInstance services, SimulatedEngine engine, Door metering, NginxServer nginx) =>
        (Services, Engine, Metering, Nginx, _http) = (services, engine, metering, nginx, nginx.Connect());

    public ApiInstance Services { get; }
    public SimulatedEngine Engine { get; }
    public Door Metering { get; }
    public NginxServer Nginx { get; }
    public string Key { get; private set; } = "";

    public static async Task<NginxSite> StartAsync(PostgresServer postgres, EngineOptions options)
    {
        var services = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("nginx"), clock: null, ("Admission:SweepIntervalMs", "50"));
        var engine = await SimulatedEngine.StartAsync(options);
        var metering = await Door.StartAsync(new(services.Address));
        var nginx = await NginxServer.StartAsync(new Uri(services.Address).Authority, metering.Address.Authority, engine.Address.Authority);
        var site = new NginxSite(services, engine, metering, nginx);
        await services.OpenPoolAsync(GatewaySite.Pool);
        site.Key = await site.EnterAsync("all", sequences: 100);
        return site;
    }

    /// <summary>The key of another entitlement.</summary>
    public async Task<string> EnterAsync(string entitlement, int sequences)
    {
        await Services.GrantAsync(GatewaySite.Pool, entitlement, Bodies.Entitlement().But("baseline.sequences", $"{sequences}"));
        return (await Services.IssueKeyAsync(GatewaySite.Pool, entitlement)).Text("key");
    }

    public async Task<RawAnswer> PostAsync(string path, string body, string? authorization, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(path, body, authorization, HttpCompletionOption.ResponseContentRead, headers);
        return new((int)response.StatusCode, response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase),
            await response.Content.ReadAsByteArrayAsync(Within.Patience()));
    }

    public Task<RawAnswer> PostAsync(string path, string body) => PostAsync(path, body, $"Bearer {Key}");

    /// <summary>Reads so many bytes of a stream and goes.</summary>
    public async Task<RequestId> LeaveAsync(string path, string body, int afterBytes)
    {
        using var response = await SendAsync(path, body, $"Bearer {Key}", HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync(Within.Patience());
        await stream.ReadExactlyAsync(new byte[afterBytes], Within.Patience());
        return RequestId.Parse(response.Headers.GetValues("x-request-id").Single());
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string body, string? authorization, HttpCompletionOption until, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await _http.SendAsync(request, until, Within.Patience());
    }

    /// <summary>What the ledger says was used by a request, as soon as it says it.</summary>
    public async Task<TokensConsumed> UsedAsync(RequestId request) => (await Services.Events.FirstAsync<TokensConsumed>(e => e.Request == request)).Data;

    /// <summary>What the engine says was produced for a request, as soon as it has ended.</summary>
    public async Task<LoggedRequest> ProducedAsync(RequestId request)
    {
        await Services.Events.UntilAsync(() => Task.FromResult(Engine.Log.Any(entry => entry.RequestId == request.ToString())));
        return Engine.Log.Single(entry => entry.RequestId == request.ToString());
    }

    public Task NothingHeldAsync() =>
        Services.Events.UntilAsync(async () => (long)(await Services.Operator.GetAsync($"/v1/pools/{GatewaySite.Pool}")).MustBe(200).Json["openReservations"]! == 0);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Nginx.DisposeAsync();
        await Metering.DisposeAsync();
        await Services.DisposeAsync();
        await Engine.DisposeAsync();
    }
}

/// <summary>A site for the tests of one class, with an engine so slow that a client can leave in the middle of an answer.</summary>
public sealed class NginxFixture(PostgresServer postgres) : IAsyncLifetime
{
    internal NginxSite Site { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Site = await NginxSite.StartAsync(postgres, GatewaySite.Engine with { TokensPerSecond = 200 });

    public ValueTask DisposeAsync() => Site.DisposeAsync();
}
