using TokenLedger.Contracts;
using TokenLedger.Core.Pools;
using static TokenLedger.Contracts.ServiceClass;

namespace TokenLedger.Tests.Unit.Core;

/// <summary>The words that the scenarios are told in. A pool has 100 tokens/s (1,000 in its bucket), 10,000 KV bytes at one per token, and 10 sequences.</summary>
internal static class Story
{
    public static ConfigurePool Configure(
        long tokens = 100, long kv = 10_000, int sequences = 10, int replicas = 1, int most = 1, long kvPerToken = 1, int burst = 10, int lease = 300,
        AdmissionPolicy policy = AdmissionPolicy.WeightedShare, bool shadow = false, double lending = 0, QueueBounds? queue = null, EstimationBounds? estimation = null) =>
        new(new("model", replicas, new(tokens, kv, sequences), kvPerToken, DefaultMaxOutputTokens: 50, burst, lease, TickMs: 1_000, new(0, most, 0.8), policy, shadow, lending, queue, estimation));

    public static GrantEntitlement Grant(
        string name, ServiceClass serviceClass, long tokens = 0, long kv = 0, int sequences = 0, long slo = 500, double? from = null, double? to = null) =>
        new(new(name), Terms(serviceClass, tokens, kv, sequences, slo, from, to));

    public static EntitlementTerms Terms(
        ServiceClass serviceClass, long tokens = 0, long kv = 0, int sequences = 0, long slo = 500, double? from = null, double? to = null) =>
        new(new("tenant"), serviceClass, slo, new(tokens, kv, sequences), Time(from), Time(to));

    private static DateTimeOffset? Time(double? seconds) => seconds is { } s ? PoolScenario.Start.AddSeconds(s) : null;

    public static RequestId Id(int number) => new(new Guid(number, 0, 0, new byte[8]));

    public static Admit Admit(int request, string entitlement, long input = 10, long? output = 0, long wait = 0) => new(Id(request), new(entitlement), input, output, null, wait);

    public static Settle Settle(int request, long input, long output, bool recorded = true) => new(Id(request), input, output, 77, recorded);

    public static Release Release(int request, string entitlement) => new(Id(request), new(entitlement));

    public static ReleasePrefill FirstToken(int request, string entitlement) => new(Id(request), new(entitlement));

    public static Renew Renew(int request, string entitlement) => new(Id(request), new(entitlement));

    public static Abandon Leave(int request, string entitlement) => new(Id(request), new(entitlement));

    public static RevokeEntitlement Revoke(string entitlement) => new(new(entitlement));

    /// <summary>A pool with one elastic entitlement `e`.</summary>
    public static PoolScenario Elastic() => new PoolScenario().Given(Configure(), Grant("e", ServiceClass.Elastic));

    /// <summary>A pool with a floor `d` (dedicated) and a floor `g` (guaranteed) of 30 tokens/s, 3,000 KV bytes and 3 sequences each, and `e`, `s`, `x` (elastic, spot, preemptible).</summary>
    public static PoolScenario AllClasses(long kvPerToken = 1, AdmissionPolicy policy = AdmissionPolicy.WeightedShare, bool shadow = false, double lending = 0) => new PoolScenario().Given(
        Configure(kvPerToken: kvPerToken, policy: policy, shadow: shadow, lending: lending), Grant("d", Dedicated, 30, 3_000, 3), Grant("g", Guaranteed, 30, 3_000, 3), Grant("e", ServiceClass.Elastic), Grant("s", Spot), Grant("x", Preemptible));
}
