using TokenLedger.Engine;
using TokenLedger.Gateway;

namespace TokenLedger.AllInOne;

/// <summary>Two simulated inference servers behind the gateway, on free loopback ports: the demo pool's replicas.</summary>
internal sealed class DemoEngines : IAsyncDisposable
{
    private const int Replicas = 2;
    private readonly List<SimulatedEngine> _engines = [];

    public async Task StartAsync()
    {
        for (var i = 0; i < Replicas; i++)
            _engines.Add(await SimulatedEngine.StartAsync(new() { Port = 0, Model = DemoPool.Model, TokensPerSecond = 500, PrefillTokensPerSecond = 20_000, Slots = 64 }));
    }

    /// <summary>Tells the gateway where they are.</summary>
    public void Configure(IConfiguration settings)
    {
        for (var i = 0; i < _engines.Count; i++) settings[$"{GatewayOptions.Section}:{nameof(GatewayOptions.Upstreams)}:{DemoPool.Name}:{i}"] = _engines[i].Address.ToString();
        if (_engines.Count > 0) settings[$"{GatewayOptions.Section}:{nameof(GatewayOptions.AbortPath)}"] = SimulatedEngine.AbortPath;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in _engines) await engine.DisposeAsync();
    }
}
