using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using TokenLedger.Autoscaler;
using TokenLedger.Autoscaler.Actuators;
using TokenLedger.Autoscaler.Engines;
using TokenLedger.Contracts.Http;
using TokenLedger.Tests.Integration.Audit;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Http;

namespace TokenLedger.Tests.Integration.Autoscaling;

/// <summary>Several engines at a time, of which some are silent, broken or too talkative.</summary>
public sealed class EngineWatchTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly StoppedTime _clock = new();
    private readonly AutoscalerOptions _options = new() { ScrapeTimeoutSeconds = 0.5, MaxScrapeBytes = 100_000, LostAfterSeconds = 15 };
    private readonly Dictionary<string, Func<HttpContext, Task>> _engines = [];
    private WebApplication _app = null!;
    private ApiInstance _api = null!;
    private EngineWatch _watch = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(http => _engines[http.Request.Path.Value![1..]](http));
        await _app.StartAsync(Within.Patience());
        _api = await ApiInstance.StartAsync(await postgres.CreateConnectionStringAsync("watch"));
        _watch = new(new("chat"), _options, new(Options.Create(_options), _clock), _api.Service<AutoscalerMeters>(), _clock, NullLogger.Instance);
    }

    [Fact]
    public async Task Hears_those_that_answer_whatever_the_others_do()
    {
        Says("one", "vllm:num_requests_running 3");
        Says("two", "vllm:num_requests_running 4\nvllm:num_requests_running oops");
        _engines["failing"] = http => { http.Response.StatusCode = 503; return Task.CompletedTask; };
        _engines["silent"] = http => Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        _engines["talkative"] = http => http.Response.WriteAsync(string.Concat(Enumerable.Repeat("vllm:num_requests_running 1\n", 10_000)), http.RequestAborted);
        Says("other", "<html></html>");
        await LookAsync("one", "two", "failing", "silent", "talkative", "other");
        Assert.Equal([3, 4], _watch.Scrapes.Select(scrape => scrape.Running).Order());
        Assert.Equal(2, _watch.Answering(_clock.GetUtcNow()));
        var failures = _watch.Targets.ToDictionary(target => target.AbsolutePath, target => _watch.Find(target, null)!.Failure);
        Assert.Equal((null, "It answered 503.", "It did not answer within 0.5 s.", "It has more than 100000 bytes.", "It says nothing under vLLM's names."),
            (failures["/one"], failures["/failing"], failures["/silent"], failures["/talkative"], failures["/other"]));
    }

    [Fact]
    public async Task Loses_one_that_is_silent_for_long_and_takes_it_back()
    {
        Says("one", "vllm:num_requests_running 1");
        Says("two", "vllm:num_requests_running 2");
        await LookAsync("one", "two");
        var two = _watch.Targets.Single(target => target.AbsolutePath == "/two");
        _engines["two"] = http => { http.Abort(); return Task.CompletedTask; };
        _clock.Skip(TimeSpan.FromSeconds(15));
        await LookAsync("one", "two");
        Assert.Equal((2, ReplicaState.Serving), (_watch.Answering(_clock.GetUtcNow()), _watch.Find(two, null)!.State));
        _clock.Skip(TimeSpan.FromSeconds(1));
        await LookAsync("one", "two");
        Assert.Equal((1, ReplicaState.Lost, "It cannot be reached."), (_watch.Answering(_clock.GetUtcNow()), _watch.Find(two, null)!.State, _watch.Find(two, null)!.Failure));
        Says("two", "vllm:num_requests_running 2");
        await LookAsync("one", "two");
        Assert.Equal((2, null), (_watch.Answering(_clock.GetUtcNow()), _watch.Find(two, null)!.Failure));
        await LookAsync("one");
        Assert.Equal((1, null), (_watch.Answering(_clock.GetUtcNow()), _watch.Find(two, null)));
    }

    /// <summary>When nobody answers it may be the way to them that is gone: that is no reason to take their capacity away.</summary>
    [Fact]
    public async Task Knows_nothing_when_none_answers()
    {
        Says("one", "vllm:num_requests_running 1");
        await LookAsync("one");
        _engines["one"] = http => { http.Abort(); return Task.CompletedTask; };
        _clock.Skip(TimeSpan.FromSeconds(60));
        await LookAsync("one");
        Assert.Null(_watch.Answering(_clock.GetUtcNow()));
        // Neither when nobody knows where they are; that there are none is something else.
        await _watch.LookAsync(null, expected: true, Within.Patience());
        Assert.Null(_watch.Answering(_clock.GetUtcNow()));
        await _watch.LookAsync([], expected: true, Within.Patience());
        Assert.Equal(0, _watch.Answering(_clock.GetUtcNow()));
    }

    [Fact]
    public async Task Asks_every_address_of_a_name_and_no_more_than_it_may()
    {
        var options = new AutoscalerOptions { MaxTargets = 2 };
        var fleet = new FleetOptions { Dns = "http://localhost:8000/metrics", Targets = { "http://10.0.0.1:8000/metrics", "http://10.0.0.2:8000/metrics" } };
        using var kubernetes = new KubernetesApi(Options.Create(options));
        Assert.Equal(["http://10.0.0.1:8000/metrics", "http://10.0.0.2:8000/metrics"], (await Finder().FindAsync(Within.Patience()))!.Select(uri => uri.ToString()));
        options.MaxTargets = 3;
        Assert.Equal("http://127.0.0.1:8000/metrics", (await Finder().FindAsync(Within.Patience()))![2].ToString());

        TargetFinder Finder() => new(new("chat"), fleet, options, kubernetes, NullLogger.Instance);
    }

    private void Says(string engine, string text) => _engines[engine] = http => http.Response.WriteAsync(text, http.RequestAborted);

    private Task LookAsync(params string[] engines)
    {
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return _watch.LookAsync([.. engines.Select(engine => new Uri($"{address}/{engine}"))], expected: true, Within.Patience());
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _app.DisposeAsync();
    }
}
