using System.Net;
using System.Net.Sockets;

namespace TokenLedger.Tests.Integration.Scenarios;

/// <summary>A built program of the product in a process of its own, as it runs in production, on a free loopback port that it keeps over restarts.</summary>
internal sealed class ProductProcess(string project, IReadOnlyDictionary<string, string> environment, params string[] arguments) : IAsyncDisposable
{
    public const string OperatorKey = "scenario-operator-key-0123456789";
    private static readonly HttpClient s_http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly TempHome _logs = new();
    private OwnedProcess? _process;

    public Uri Url { get; } = new($"http://127.0.0.1:{FreePort()}");

    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    private string LogFile => Path.Combine(_logs.Folder, "log");

    /// <summary>Starts it, and returns when it is ready.</summary>
    public async Task StartAsync()
    {
        var settings = new Dictionary<string, string>(environment)
        {
            ["TOKENLEDGER_URLS"] = Url.ToString().TrimEnd('/'),
            ["TOKENLEDGER_OPERATOR_KEY"] = OperatorKey,
        };
        _process = await OwnedProcess.StartAsync([Program(project), .. arguments], settings, LogFile);
        await Eventually.HoldsAsync($"{project} is ready", IsReadyAsync, () => Log);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _process = null;
    }

    /// <summary>SIGTERM, as an orchestrator sends it; returns when it has stopped by itself, its private server with it.</summary>
    public async Task StopAsync()
    {
        if (_process is not { } running) return;
        using (var kill = System.Diagnostics.Process.Start("kill", ["-TERM", $"{running.Id}"])) await kill.WaitForExitAsync();
        // One that has ended has no command line left, even while nobody has taken its exit code.
        await Eventually.HoldsAsync($"{project} stops", () => Task.FromResult(!File.Exists($"/proc/{running.Id}/cmdline") || File.ReadAllText($"/proc/{running.Id}/cmdline").Length == 0), () => Log);
        await KillAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _logs.Dispose();
    }

    /// <summary>The program as this test run built it, in the same configuration.</summary>
    public static string Program(string project, string? name = null)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.Combine(here.Parent!.Parent!.FullName, $"TokenLedger.{project}", here.Name, name ?? $"TokenLedger.{project}");
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await s_http.GetAsync(new Uri(Url, "/readyz"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
