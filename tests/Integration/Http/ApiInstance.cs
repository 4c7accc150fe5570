using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TokenLedger.AllInOne;
using TokenLedger.Hosting;
using TokenLedger.Ledger;
using TokenLedger.Tests.Integration.Hosting;

namespace TokenLedger.Tests.Integration.Http;

/// <summary>The whole product in this process, on a free loopback port, over a database and the in-memory bus. A second one on the same database is a restart.</summary>
internal sealed class ApiInstance : IAsyncDisposable
{
    public const string OperatorKey = "the-operator-key-of-these-tests";

    private readonly WebApplication _app;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly Task<int> _run;
    private readonly HttpClient _http = new();

    private ApiInstance(WebApplication app, Task<int> run, CapturedLog log)
    {
        (_app, _lifetime, _run, Log) = (app, app.Lifetime, run, log);
        Address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        (Operator, Nobody, Events) = (With(OperatorKey), With(null), new(Ledger));
    }

    public string Address { get; }
    public ApiClient Operator { get; }

    /// <summary>A client without a key.</summary>
    public ApiClient Nobody { get; }

    public EventWatch Events { get; }
    public CapturedLog Log { get; }
    public ILedger Ledger => _app.Services.GetRequiredService<ILedger>();

    public ApiClient With(string? key) => new(_http, Address, key);

    public LedgerFollower Follower(string name) => _app.Services.GetRequiredKeyedService<LedgerFollower>(name);

    /// <summary>A part of the product as it runs here.</summary>
    public T Service<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    public static Task<ApiInstance> StartAsync(string connection, TimeProvider? clock = null, params (string Name, string Value)[] settings) =>
        StartAsync(AllModules.Add, AllModules.Map, connection, clock, settings);

    /// <summary>Some of the services in a process of their own. It hears what others append when it looks at the ledger, for their bus is not its.</summary>
    public static async Task<ApiInstance> StartAsync(
        Action<WebApplicationBuilder> add, Action<WebApplication> map, string connection, TimeProvider? clock, params (string Name, string Value)[] settings)
    {
        var started = new TaskCompletionSource<WebApplication>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (errors, log) = (new StringWriter(CultureInfo.InvariantCulture), new CapturedLog());
        var run = TokenLedgerProcess.RunAsync(
            // Nothing is decided about scaling unless a test wants it: it would be one more event in every ledger.
            [$"--TOKENLEDGER_POSTGRES={connection}", $"--TokenLedger:Access:OperatorKey={OperatorKey}", "--TokenLedger:Autoscaler:PeriodSeconds=86400", .. settings.Select(setting => $"--TokenLedger:{setting.Name}={setting.Value}")],
            "allinone", "http://127.0.0.1:0",
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(log).AddFilter<CapturedLog>(null, LogLevel.Trace);
                if (clock is not null) builder.Services.AddSingleton(clock);
                add(builder);
            },
            app =>
            {
                map(app);
                app.Lifetime.ApplicationStarted.Register(() => started.SetResult(app));
            }, errors);
        await Task.WhenAny(started.Task, run).WaitAsync(Within.Patience());
        Assert.False(run.IsCompleted, errors.ToString());
        return new(await started.Task, run, log);
    }

    /// <summary>Begins to stop, as at a signal.</summary>
    public void Stop() => _lifetime.StopApplication();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        Stop();
        Assert.Equal(0, await _run.WaitAsync(Within.Patience()));
    }
}
