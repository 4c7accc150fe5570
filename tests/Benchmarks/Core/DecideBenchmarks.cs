using BenchmarkDotNet.Attributes;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;

namespace TokenLedger.Benchmarks;

/// <summary>What two decisions and their evolution cost (an admission and a settlement), against the cheapest thing that could replace them: two updates of a dictionary by request id.</summary>
[MemoryDiagnoser]
public class DecideBenchmarks
{
    private static readonly PoolId s_pool = new("bench");
    private static readonly EntitlementId s_entitlement = new("tenant");
    private readonly PoolState _pool = new(s_pool);
    private readonly Dictionary<Guid, long> _dictionary = [];
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
    private int _next;

    [Params(1_000, 100_000)]
    public int OpenReservations { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var baseline = new Capacity(100_000_000, 1L << 50, 500_000);
        Apply(new ConfigurePool(new("model", 1, baseline, 1_000, 100, 10, 3_600, 1_000, new(1, 1, 0.8), Estimation: new())));
        Apply(new GrantEntitlement(s_entitlement, new(new("tenant"), ServiceClass.Elastic, 500, baseline, null, null)));
        for (var i = 0; i < OpenReservations; i++) AdmitNext();
    }

    [Benchmark(Baseline = true)]
    public void Dictionary_update()
    {
        _dictionary[Id(_next)] = _next;
        _dictionary.Remove(Id(_next++ - 1_000));
    }

    [Benchmark]
    public void Admit_and_settle()
    {
        AdmitNext();
        Apply(new Settle(new(Id(_next - OpenReservations)), 40, 50, 1, AdmissionRecorded: true));
    }

    private void AdmitNext() => Apply(new Admit(new(Id(++_next)), s_entitlement, 40, 60, null));

    private void Apply(PoolCommand command)
    {
        _now = _now.AddMicroseconds(10);
        foreach (var data in PoolDecisions.Decide(_pool, command, _now).Events) PoolEvolution.Evolve(_pool, data, _now);
    }

    private static Guid Id(int number) => new(number, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
}
