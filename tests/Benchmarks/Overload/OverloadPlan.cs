using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Benchmarks.Overload;

/// <summary>The engines, the tenants and what each is entitled to. Only speeds, sizes and rates are chosen; capacity and baselines follow from them.</summary>
/// <param name="Seconds">Length of the phase before the overload and of the one after it; the overload lasts twice as long.</param>
internal sealed record OverloadPlan(int Seconds)
{
    public const string Pool = "live";
    public const string Model = "simulated";
    public const int Replicas = 2;
    private const int Slots = 32;

    /// <summary>Tokens a second of one engine, read or made.</summary>
    private const int MachineSpeed = 5_000;

    /// <summary>Tokens a second that one sequence reads and makes at most.</summary>
    private const int ReadSpeed = 500;
    private const int MakeSpeed = 20;
    private const int KvTokens = 65_536;
    private const int BlockTokens = 16;

    /// <summary>What a guaranteed tenant buys is a quarter more than it means to use.</summary>
    private const double Margin = 1.25;

    /// <summary>Sequences that spot wants in the overload, in capacities of the whole pool.</summary>
    private const double SpotCapacities = 3;

    /// <summary>Its requests a second before and after, which fit beside the others.</summary>
    private const double SpotBefore = 2;

    public (double From, double To) Overload => (Seconds, 3 * Seconds);

    public double End => 4 * Seconds;

    public IReadOnlyList<string> EngineArguments { get; } =
    [
        "--model", Model, "--tokens-per-second", $"{MachineSpeed}", "--prefill-tokens-per-second", $"{MachineSpeed}",
        "--sequence-tokens-per-second", $"{MakeSpeed}", "--sequence-prefill-tokens-per-second", $"{ReadSpeed}",
        "--slots", $"{Slots}", "--kv-cache-tokens", $"{KvTokens}", "--queue", "100000", "--max-model-len", "4096",
    ];

    public IReadOnlyList<LoadTenant> Guaranteed => [Steady("guaranteed-a", ServiceClass.Guaranteed, 240, 32, 8), Steady("guaranteed-c", ServiceClass.Guaranteed, 240, 32, 8)];

    /// <summary>Guaranteed first: their random numbers are the same with and without the others.</summary>
    public IReadOnlyList<LoadTenant> Tenants => [.. Guaranteed, Steady("elastic", ServiceClass.Elastic, 120, 60, 3), Spot];

    private LoadTenant Spot
    {
        get
        {
            var spot = new LoadTenant("spot", ServiceClass.Spot, 60, 100, []);
            var overload = SpotCapacities * Replicas * Slots / HoldSeconds(spot);
            return spot with { Stretches = [new(0, Seconds, SpotBefore), new(Seconds, 3 * Seconds, overload), new(3 * Seconds, 4 * Seconds, SpotBefore)] };
        }
    }

    /// <summary>Every token costs the machine the same, so its speed is its capacity; a sequence takes whole blocks of the cache, so less than one is left over for each slot.</summary>
    public static PutPool PoolOf(AdmissionPolicy policy) => new(
        Model, Replicas, new(MachineSpeed, KvTokens - Slots * BlockTokens, Slots), KvBytesPerToken: 1, DefaultMaxOutputTokens: 128, new(Replicas, Replicas, 0.8), Policy: policy);

    /// <summary>How long a mean request keeps its slot, where the machine is not the limit.</summary>
    public static double HoldSeconds(LoadTenant tenant) => (double)tenant.InputTokens / ReadSpeed + (double)tenant.OutputTokens / MakeSpeed;

    /// <summary>Rate × time held (Little's law) in sequences, rate × size in tokens a second, with the margin; KV bytes for as many of the largest requests, a quarter above the mean.</summary>
    public static PutEntitlement EntitlementOf(LoadTenant tenant)
    {
        if (tenant.ServiceClass == ServiceClass.Spot) return new(new(tenant.Name), tenant.ServiceClass, 30_000, null);
        var (rate, size) = (tenant.Stretches[0].RequestsPerSecond, tenant.InputTokens + tenant.OutputTokens);
        var sequences = (int)Math.Ceiling(Margin * rate * HoldSeconds(tenant));
        return new(new(tenant.Name), tenant.ServiceClass, tenant.ServiceClass == ServiceClass.Guaranteed ? 500 : 5_000, new((long)(Margin * rate * size), sequences * (size * 5L / 4 + BlockTokens), sequences));
    }

    private LoadTenant Steady(string name, ServiceClass serviceClass, int input, int output, double rate) => new(name, serviceClass, input, output, [new(0, End, rate)]);
}
