using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TokenLedger.Hosting;
using TokenLedger.Hosting.Access;
using TokenLedger.Ledger;

namespace TokenLedger.Tests.Integration.Hosting;

/// <summary>A process with the shared endpoints on a free loopback port, over the ledger it is given.</summary>
internal sealed class WebProcess : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebProcess(WebApplication app, string address) => (_app, Http) = (app, new() { BaseAddress = new(address) });

    public HttpClient Http { get; }
    public IServiceProvider Services => _app.Services;
    public LedgerFollower Follower(string name) => Services.GetRequiredKeyedService<LedgerFollower>(name);

    public static async Task<WebProcess> StartAsync(ILedger ledger, Action<IServiceCollection> add, params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(ledger).AddTokenLedgerBus(builder.Configuration).AddTokenLedgerHealth(builder.Configuration);
        builder.Services.AddAuthorizationBuilder().AddPolicy(Policies.Auditor, policy => policy.RequireAssertion(_ => true));
        builder.AddTokenLedgerTelemetry("test");
        add(builder.Services);
        var app = builder.Build();
        app.MapTokenLedgerHealth();
        app.MapTokenLedgerMetrics();
        app.MapLedger();
        await app.StartAsync(Within.Patience());
        return new(app, app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync(Within.Patience());
        await _app.DisposeAsync();
    }
}
