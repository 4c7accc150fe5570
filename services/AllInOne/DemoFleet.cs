using TokenLedger.Autoscaler;
using TokenLedger.Engine;
using TokenLedger.Gateway;

namespace TokenLedger.AllInOne;

/// <summary>Simulated inference servers behind the gateway, as processes that the Autoscaler starts and stops: the demo pool's replicas.</summary>
internal static class DemoFleet
{
    public const int Least = 2;
    public const int Most = 4;

    /// <summary>The servers listen on the ports so far above that of the instance, so that two instances stay apart.</summary>
    private const int PortsAbove = 1_000;

    /// <summary>Tells the Autoscaler what to run, and the gateway where that may be found: who does not answer is left out.</summary>
    public static void Configure(IConfiguration settings, LocalHome home, Uri url)
    {
        var pool = $"{AutoscalerOptions.Section}:{nameof(AutoscalerOptions.Pools)}:{DemoPool.Name}";
        var processes = $"{pool}:{nameof(FleetOptions.Processes)}";
        var first = url.Port + PortsAbove <= ushort.MaxValue - Most ? url.Port + PortsAbove : url.Port - PortsAbove;
        settings[$"{AutoscalerOptions.Section}:{nameof(AutoscalerOptions.PeriodSeconds)}"] = "1";
        settings[$"{pool}:{nameof(FleetOptions.Actuator)}"] = nameof(ActuatorKind.Processes);
        settings[$"{processes}:{nameof(ProcessFleetOptions.Program)}"] = Path.Combine(AppContext.BaseDirectory, "TokenLedger.Engine");
        settings[$"{processes}:{nameof(ProcessFleetOptions.Folder)}"] = Path.Combine(home.Folder, "engines");
        settings[$"{processes}:{nameof(ProcessFleetOptions.FirstPort)}"] = $"{first}";
        settings[$"{processes}:{nameof(ProcessFleetOptions.Ports)}"] = $"{Most}";
        string[] arguments = ["--model", DemoPool.Model, "--tokens-per-second", "500", "--prefill-tokens-per-second", "20000", "--slots", "64"];
        foreach (var (index, argument) in arguments.Index()) settings[$"{processes}:{nameof(ProcessFleetOptions.Arguments)}:{index}"] = argument;
        for (var i = 0; i < Most; i++) settings[$"{GatewayOptions.Section}:{nameof(GatewayOptions.Upstreams)}:{DemoPool.Name}:{i}"] = $"http://127.0.0.1:{first + i}";
        settings[$"{GatewayOptions.Section}:{nameof(GatewayOptions.AbortPath)}"] = SimulatedEngine.AbortPath;
        settings[$"{GatewayOptions.Section}:{nameof(GatewayOptions.UsagePath)}"] = SimulatedEngine.UsagePath;
    }
}
