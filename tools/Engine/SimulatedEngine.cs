using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace TokenLedger.Engine;

/// <summary>An engine that listens on loopback, in a program of its own or in another one.</summary>
public sealed class SimulatedEngine : IAsyncDisposable
{
    /// <summary>Where a request can be ended early, by <c>{"rid": "…"}</c> with its <c>x-request-id</c>; the name is SGLang's.</summary>
    public const string AbortPath = "/abort_request";

    /// <summary>Where a request's usage can be asked for when it has ended.</summary>
    public const string UsagePath = "/requests/{id}";

    private const long MostBytes = 256 << 20;
    private readonly WebApplication _app;

    private SimulatedEngine(WebApplication app)
    {
        _app = app;
        Address = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public Uri Address { get; }

    /// <summary>What was produced so far, request by request.</summary>
    public IReadOnlyList<LoggedRequest> Log => _app.Services.GetRequiredService<RequestLog>().Entries;

    /// <summary>Nothing is under way: all that was produced is in the log.</summary>
    public bool IsIdle => _app.Services.GetRequiredService<Serving>().IsIdle;

    /// <summary>What goes wrong from now on.</summary>
    public void Set(Fault fault) => _app.Services.GetRequiredService<FaultSwitch>().Set(fault);

    public static async Task<SimulatedEngine> StartAsync(EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, options.Port);
            kestrel.Limits.MaxRequestBodySize = MostBytes;
        });
        builder.Services.AddEngine(options);
        var app = builder.Build();
        app.MapEngine();
        await app.StartAsync();
        return new(app);
    }

    public Task WaitForStopAsync() => _app.WaitForShutdownAsync();

    /// <summary>Refuses what comes and finishes what runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
