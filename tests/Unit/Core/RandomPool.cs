using FsCheck;
using FsCheck.Fluent;
using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.ServiceClass;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>A command and how long after the one before it comes.</summary>
internal sealed record Step(PoolCommand Command, long WaitMicros);

/// <summary>Random lives of a pool of 100 tokens/s, 10,000 KV bytes and 10 sequences a replica with up to six entitlements.</summary>
internal static class RandomPool
{
    /// <summary>Output is estimated from the third answer on, so that most lives reserve by estimates.</summary>
    public static readonly EstimationBounds Estimation = new(MinSamples: 3);

    private static readonly Gen<string> s_names = Gen.Elements("a", "b", "c", "d", "e", "f");
    private static readonly Gen<int> s_requests = Gen.Choose(1, 30);
    private static readonly Gen<long> s_tokens = Gen.Frequency((8, Longs(0, 300)), (1, Longs(0, 3_000)), (1, Longs(0, 12_000)));

    private static readonly Gen<PoolCommand> s_admit =
        from request in s_requests
        from name in s_names
        from input in s_tokens
        from output in s_tokens
        from unlimited in Gen.Choose(0, 4)
        from wait in Gen.Frequency((1, Gen.Constant(0L)), (1, Longs(1, 40_000)))
        select (PoolCommand)(Story.Admit(request, name, input, unlimited == 0 ? null : output, wait) with { Workload = (request % 3) switch { 0 => "chat", 1 => "code", _ => null } });

    private static readonly Gen<PoolCommand> s_small =
        from request in Gen.Choose(1, 80)
        from name in s_names
        from tokens in Gen.Frequency((9, Longs(0, 40)), (1, Longs(500, 1_500)))
        select (PoolCommand)Story.Admit(request, name, tokens);

    private static readonly Gen<PoolCommand> s_end =
        from request in s_requests
        from name in s_names
        from input in s_tokens
        from output in s_tokens
        from how in Gen.Choose(0, 9)
        select how switch
        {
            6 => Story.Leave(request, name),
            > 6 => new Drain(),
            0 => Story.Release(request, name),
            1 => Story.Renew(request, name),
            2 => Story.FirstToken(request, name),
            _ => (PoolCommand)Story.Settle(request, input, output, recorded: how == 3),
        };

    private static readonly Gen<PoolCommand> s_grant =
        from name in s_names
        from serviceClass in Gen.Elements(Dedicated, Guaranteed, ServiceClass.Elastic, Spot, Preemptible)
        from tokens in Gen.Choose(0, 60)
        from kv in Gen.Choose(0, 5_000)
        from sequences in Gen.Choose(0, 5)
        from slo in Gen.Choose(1, 30_000)
        from validFrom in Gen.Choose(-300, 100)
        from validFor in Gen.Choose(1, 600)
        select Grant(name, serviceClass, serviceClass is Spot or Preemptible ? default : new(tokens, kv, sequences), slo, validFrom, validFor);

    private static readonly Gen<PoolCommand> s_operate =
        from name in s_names
        from replicas in Gen.Choose(0, 4)
        from lease in Gen.Choose(30, 60)
        from tokens in Gen.Choose(0, 120)
        from tenths in Gen.Choose(-10, 20)
        from order in Gen.Elements(Enum.GetValues<QueueOrder>())
        from places in Gen.Choose(0, 4)
        from what in Gen.Choose(0, 9)
        select what switch
        {
            0 => Story.Revoke(name),
            1 => Story.Configure(tokens: 80 + replicas, replicas: Math.Min(replicas, 3), most: 3, lease: lease, queue: new(order, places, 20_000), estimation: Estimation),
            2 or 3 or 4 => new ApplyCapacity(replicas, 0),
            5 or 6 => new ApplyLimits([new(new(name), new(tokens, tokens * 100, tokens / 10), tenths / 10.0, Math.Max(0, tenths) / 10.0, 1 + tokens)], 0),
            _ => (PoolCommand)new Sweep(),
        };

    private static readonly Gen<PoolCommand> s_switch =
        from policy in Gen.Elements(Enum.GetValues<AdmissionPolicy>())
        from shadow in Gen.Choose(0, 3)
        from lending in Gen.Elements(0, 0.3, 0.5, 1)
        select (PoolCommand)Story.Configure(most: 3, lease: 60, policy: policy, shadow: shadow == 0, lending: lending, estimation: Estimation with { Enabled = shadow != 1 });

    private static readonly Gen<long> s_waits = Gen.Frequency((6, Longs(0, 1_000_000)), (3, Longs(0, 15_000_000)), (1, Longs(0, 70_000_000)));

    /// <summary>Anything may happen, grants, capacity and other policies included.</summary>
    public static Arbitrary<Step[]> Lives { get; } = Arbitrary(Gen.Frequency((20, s_admit), (12, s_end), (4, s_grant), (4, s_operate), (1, s_switch)));

    /// <summary>Only traffic: nobody's entitlement and no capacity changes. Half of it is a crowd of small requests that fill the sequences.</summary>
    public static Arbitrary<Step[]> Traffic { get; } = Arb.From(Gen.OneOf(
        Steps(Gen.Frequency((10, s_admit), (6, s_end), (1, Gen.Constant((PoolCommand)new Sweep()))), s_waits).ArrayOf(),
        Steps(Gen.Frequency((12, s_small), (2, s_end)), Longs(0, 200_000)).ArrayOf(60)), Shorter);

    private static Arbitrary<Step[]> Arbitrary(Gen<PoolCommand> commands) => Arb.From(Steps(commands, s_waits).ArrayOf(), Shorter);

    private static Gen<Step> Steps(Gen<PoolCommand> commands, Gen<long> waits) => from command in commands from wait in waits select new Step(command, wait);

    /// <summary>A failure is told with as few steps as it takes.</summary>
    private static IEnumerable<Step[]> Shorter(Step[] steps)
    {
        for (var size = steps.Length / 2; size >= 1; size /= 2)
            for (var at = 0; at + size <= steps.Length; at += size) yield return [.. steps[..at], .. steps[(at + size)..]];
    }

    private static PoolCommand Grant(string name, ServiceClass serviceClass, Capacity baseline, int slo, int validFrom, int validFor) => Story.Grant(
        name, serviceClass, baseline.TokensPerSecond, baseline.KvCacheBytes, baseline.Sequences, slo, validFrom > 0 ? validFrom : null, validFrom > 50 ? validFrom + validFor : null);

    private static Gen<long> Longs(int least, int most) => Gen.Choose(least, most).Select(number => (long)number);
}
