using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using TokenLedger.Contracts.Http;
using TokenLedger.Tests.Integration.Servers;

namespace TokenLedger.Benchmarks.Http;

/// <summary>A program in a process of its own, on a loopback port of its own, that ends with this one.</summary>
internal sealed class Instance : IAsyncDisposable
{
    private const string OperatorKey = "bench-operator-key-0123456789";
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);
    private readonly TempHome _home;
    private readonly OwnedProcess _process;
    private readonly HttpClient _http;

    private Instance(TempHome home, OwnedProcess process, Uri url) => (_home, _process, Url, _http) = (home, process, url, new HttpClient
    {
        BaseAddress = url,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", OperatorKey) },
        Timeout = s_patience,
    });

    public Uri Url { get; }

    /// <summary>The product as it is released: all services in one process.</summary>
    /// <param name="settings">More of its environment.</param>
    public static Task<Instance> StartProductAsync(string connection, CancellationToken ct, IReadOnlyDictionary<string, string>? settings = null) =>
        StartAsync(_ => [Program("TokenLedger.AllInOne")], new Dictionary<string, string>(settings ?? new Dictionary<string, string>()) { ["TOKENLEDGER_POSTGRES"] = connection }, ct);

    /// <summary>A simulated inference server.</summary>
    public static Task<Instance> StartEngineAsync(IEnumerable<string> arguments, CancellationToken ct) =>
        StartAsync(port => [Program("TokenLedger.Engine"), "--port", $"{port}", .. arguments], "health", ct);

    /// <summary>The metering service by itself, as it is released.</summary>
    public static Task<Instance> StartMeteringAsync(string connection, CancellationToken ct) =>
        StartAsync(_ => [Program("TokenLedger.Metering")], new Dictionary<string, string> { ["TOKENLEDGER_POSTGRES"] = connection }, ct);

    /// <summary>A gateway by itself, in front of a product; on the address of one before it, when that is given.</summary>
    public static Task<Instance> StartGatewayAsync(string connection, Instance product, IReadOnlyDictionary<string, string> settings, Uri? at, CancellationToken ct) =>
        StartAsync(_ => [Program("TokenLedger.Gateway")], new Dictionary<string, string>(settings.Select(one => KeyValuePair.Create($"TokenLedger__Gateway__{one.Key}", one.Value)))
        {
            ["TOKENLEDGER_POSTGRES"] = connection,
            ["TokenLedger__Gateway__AdmissionUrl"] = product.Url.ToString(),
            ["TokenLedger__Gateway__MeteringUrl"] = product.Url.ToString(),
            ["TokenLedger__Gateway__ReportKey"] = OperatorKey,
        }, ct, at);

    /// <summary>A program that is told its port and says on a path of its own that it is ready.</summary>
    public static Task<Instance> StartAsync(Func<int, string[]> words, string readiness, CancellationToken ct) =>
        StartAsync(url => words(new Uri(url).Port), [], ct, readiness: readiness);

    public static Task<Instance> StartWithoutAppendAsync(string connection, CancellationToken ct) =>
        StartAsync(_ => [Program("TokenLedger.Benchmarks"), Targets.Command, Targets.NoAppend], new Dictionary<string, string> { ["TOKENLEDGER_POSTGRES"] = connection }, ct);

    public static Task<Instance> StartEmptyAsync(CancellationToken ct) =>
        StartAsync(url => [Program("TokenLedger.Benchmarks"), Targets.Command, Targets.Empty, url], new Dictionary<string, string>(), ct);

    /// <summary>A program built with this one, in the same configuration.</summary>
    public static string Program(string project, string? name = null)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.Combine(here.Parent!.Parent!.FullName, project, here.Name, name ?? project);
    }

    /// <summary>Resident memory of the process, in bytes.</summary>
    public long ResidentBytes => long.Parse(Machine.Field($"/proc/{_process.Id}/status", "VmRSS").Split(' ')[0], CultureInfo.InvariantCulture) * 1024;

    /// <summary>Processor time that the process has used: unlike the clock on the wall, it does not count what others do meanwhile.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            using var process = Process.GetProcessById(_process.Id);
            return process.TotalProcessorTime;
        }
    }

    public async Task PutAsync<T>(string path, T body, CancellationToken ct)
    {
        using var answer = await _http.PutAsJsonAsync(path, body, HttpJson.Default.Options, ct);
        if (!answer.IsSuccessStatusCode) throw new BenchException($"PUT {path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync(ct)}");
    }

    public async Task<string> NewKeyAsync(string path, CancellationToken ct)
    {
        using var answer = await _http.PostAsync(path, null, ct);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync(HttpJson.Default.NewKey, ct))!.Key;
    }

    public async Task<string> GetAsync(string path, CancellationToken ct) => await _http.GetStringAsync(path, ct);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _http.Dispose();
        _home.Dispose();
    }

    private static async Task<Instance> StartAsync(Func<string, string[]> words, Dictionary<string, string> environment, CancellationToken ct, Uri? at = null, string readiness = "readyz")
    {
        var (home, url) = (new TempHome(), at?.ToString().TrimEnd('/') ?? $"http://127.0.0.1:{FreePort()}");
        environment["TOKENLEDGER_HOME"] = home.Folder;
        environment["TOKENLEDGER_URLS"] = url;
        environment["TOKENLEDGER_OPERATOR_KEY"] = OperatorKey;
        var log = Path.Combine(home.Folder, "log");
        var instance = new Instance(home, await OwnedProcess.StartAsync(words(url), environment, log), new Uri(url));
        try
        {
            await instance.ReadyAsync(readiness, log, ct);
            return instance;
        }
        catch
        {
            await instance.DisposeAsync();
            throw;
        }
    }

    private async Task ReadyAsync(string readiness, string log, CancellationToken ct)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(s_patience);
        while (!await IsReadyAsync(readiness, late.Token))
            try
            {
                await Task.Delay(5, late.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                throw new BenchException($"It is not ready after {s_patience.TotalMinutes} minutes: {await File.ReadAllTextAsync(log, ct)}");
            }
    }

    private async Task<bool> IsReadyAsync(string path, CancellationToken ct)
    {
        try
        {
            using var answer = await _http.GetAsync(path, ct);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
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
