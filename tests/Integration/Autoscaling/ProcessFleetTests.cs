using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using TokenLedger.Autoscaler;
using TokenLedger.Autoscaler.Actuators;
using TokenLedger.Autoscaler.Engines;
using TokenLedger.Contracts.Http;
using TokenLedger.Tests.Integration.Hosting;
using TokenLedger.Tests.Integration.Scenarios;

namespace TokenLedger.Tests.Integration.Autoscaling;

/// <summary>Real engines in processes of their own.</summary>
public sealed class ProcessFleetTests : IDisposable
{
    private readonly TempHome _home = new();
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly ProcessFleetOptions _options;
    private readonly EngineScraper _scraper = new(Options.Create(new AutoscalerOptions { ScrapeTimeoutSeconds = 30 }), TimeProvider.System);
    private ProcessFleet _fleet;

    public ProcessFleetTests()
    {
        _options = new() { Program = ProductProcess.Program("Engine"), Arguments = { "--tokens-per-second", "200" }, FirstPort = EndToEnd.FreePort(), Ports = 8, Folder = _home.Folder, StopSeconds = 600 };
        _fleet = New();
    }

    [Fact]
    public async Task Finishes_what_runs_on_a_process_before_it_stops_it()
    {
        await ReachAsync(2);
        var (first, last) = (Ports()[0], Ports()[1]);
        // Four seconds of work, of which none is done when the fleet shrinks.
        using var work = _http.PostAsJsonAsync(new Uri($"http://127.0.0.1:{last}/v1/completions"), new JsonObject { ["prompt"] = "one", ["max_tokens"] = 800, ["ignore_eos"] = true }, Within.Patience());
        await Eventually.HoldsAsync("the last process works", async () => (await _scraper.ReadAsync(new($"http://127.0.0.1:{last}/metrics"), Within.Patience())).Sample.Running == 1);
        await _fleet.ScaleAsync(1, Within.Patience());
        Assert.Equal((1, ReplicaState.Draining), await LookAsync(last));
        using var answer = await work;
        Assert.Equal(800, (int)JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(Within.Patience()))!["usage"]!["completion_tokens"]!);
        await ReachAsync(1);
        Assert.Equal([first], Ports());
    }

    [Fact]
    public async Task Takes_one_that_leaves_back_when_it_is_needed_again()
    {
        await ReachAsync(2);
        var files = Pids();
        await _fleet.ScaleAsync(1, Within.Patience());
        await _fleet.ScaleAsync(2, Within.Patience());
        Assert.Equal(2, (await _fleet.LookAsync(Within.Patience()))!.Ready);
        Assert.Equal(files, Pids());
    }

    /// <summary>A killed service leaves its processes alone, and what it was about to do undone.</summary>
    [Fact]
    public async Task Finds_its_processes_again_and_goes_on()
    {
        await ReachAsync(2);
        var before = Pids();
        _fleet.Dispose();
        File.WriteAllText(Path.Combine(_home.Folder, "chat", "1.pid"), $"{Environment.ProcessId}");
        _fleet = New();
        Assert.Equal(2, (await _fleet.LookAsync(Within.Patience()))!.Ready);
        Assert.Equal(before.Append($"1={Environment.ProcessId}").Order(StringComparer.Ordinal), Pids());
        await ReachAsync(1);
        Assert.Equal([before[0]], Pids().Where(pid => !pid.StartsWith("1=", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Starts_another_one_for_one_that_died()
    {
        await ReachAsync(1);
        using (var process = System.Diagnostics.Process.GetProcessById(int.Parse(Pids()[0].Split('=')[1], System.Globalization.CultureInfo.InvariantCulture))) process.Kill();
        await Eventually.HoldsAsync("it is not ready", async () => (await _fleet.LookAsync(Within.Patience()))!.Ready == 0);
        await ReachAsync(1);
    }

    [Fact]
    public async Task Says_that_a_program_ends_before_it_serves()
    {
        _options.Program = "/nonexistent/engine";
        await _fleet.ScaleAsync(1, Within.Patience());
        await Eventually.HoldsAsync("that is said", async () => await RefusalAsync() is { } refusal && refusal.Contains("ended before it served", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Leaves_a_folder_that_another_instance_uses_alone()
    {
        await _fleet.LookAsync(Within.Patience());
        using var other = New();
        Assert.Contains("another instance", (await Assert.ThrowsAsync<ActuatorException>(() => other.LookAsync(Within.Patience()))).Message, StringComparison.Ordinal);
    }

    private ProcessFleet New() => new(new("chat"), _options, _scraper, TimeProvider.System, NullLogger.Instance);

    private async Task<string?> RefusalAsync()
    {
        try
        {
            await _fleet.ScaleAsync(1, Within.Patience());
            return null;
        }
        catch (ActuatorException e)
        {
            return e.Message;
        }
    }

    /// <summary>Asks for so many, as rounds do, until so many and no others are there.</summary>
    private Task ReachAsync(int replicas) => Eventually.HoldsAsync($"{replicas} processes serve", async () =>
    {
        await _fleet.ScaleAsync(replicas, Within.Patience());
        var status = (await _fleet.LookAsync(Within.Patience()))!;
        return (status.Ready, status.Metrics.Count) == (replicas, replicas);
    });

    private async Task<(int Ready, ReplicaState State)> LookAsync(int port)
    {
        var status = (await _fleet.LookAsync(Within.Patience()))!;
        return (status.Ready, status.Metrics.Single(one => one.Key.Port == port).Value);
    }

    private int[] Ports() => [.. Pids().Select(pid => int.Parse(pid.Split('=')[0], System.Globalization.CultureInfo.InvariantCulture)).Order()];

    private List<string> Pids() => [.. Directory.EnumerateFiles(Path.Combine(_home.Folder, "chat"), "*.pid").Select(file => $"{Path.GetFileNameWithoutExtension(file)}={File.ReadAllText(file)}").Order(StringComparer.Ordinal)];

    public void Dispose()
    {
        foreach (var pid in Directory.Exists(Path.Combine(_home.Folder, "chat")) ? Pids() : [])
            ReplicaProcess.Adopt(int.Parse(pid.Split('=')[0], System.Globalization.CultureInfo.InvariantCulture), int.Parse(pid.Split('=')[1], System.Globalization.CultureInfo.InvariantCulture))?.Kill();
        _fleet.Dispose();
        _scraper.Dispose();
        _http.Dispose();
        _home.Dispose();
    }
}
