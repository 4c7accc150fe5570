using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using TokenLedger.Hosting;
using TokenLedger.Ledger;

namespace TokenLedger.Tests.Integration.Hosting;

/// <summary>A process with a bus, as the services are, without their web server.</summary>
internal sealed class BusProcess : IAsyncDisposable
{
    /// <summary>So long that a test ends before a follower looks at the ledger by itself: what arrives has come over the bus.</summary>
    public const string BusAlone = "00:05:00";

    /// <summary>So short that the ledger alone is quick.</summary>
    public const string LedgerToo = "00:00:00.050";

    private readonly IHost _host;

    private BusProcess(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;
    public IBusControl Bus => Services.GetRequiredService<IBusControl>();
    public LedgerFollower Follower(string name) => Services.GetRequiredKeyedService<LedgerFollower>(name);

    public static async Task<BusProcess> StartAsync(ILedger ledger, Uri? broker, string catchUp, Action<IServiceCollection> add, params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["TokenLedger:Bus:RabbitMq"] = broker?.ToString(),
            ["TokenLedger:Bus:ConfirmTimeout"] = "00:00:02",
            ["TokenLedger:Bus:PublishUnheard"] = "true", // Tests listen on the bus themselves.
            ["TokenLedger:Bus:PublisherPatience"] = "00:00:00.050",
            ["TokenLedger:Followers:CatchUpInterval"] = catchUp,
            ["TokenLedger:Followers:RetryFirst"] = "00:00:00.010",
            ["TokenLedger:Followers:RetryLongest"] = "00:00:00.100",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));
        builder.Services.AddSingleton(ledger).AddMetrics().AddTokenLedgerBus(builder.Configuration);
        add(builder.Services);
        var host = builder.Build();
        await host.StartAsync(Within.Patience());
        return new(host);
    }

    /// <summary>Waits until every endpoint is connected to the broker.</summary>
    public async Task<BusProcess> ConnectedAsync()
    {
        await Bus.WaitForHealthStatus(BusHealthStatus.Healthy, Within.Patience());
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(Within.Patience());
        _host.Dispose();
    }
}
