using TokenLedger.Contracts;

namespace TokenLedger.Cli.Experiments;

/// <summary>The pools of the experiments: KV cache is never what binds in the published ones.</summary>
internal static class Pools
{
    /// <summary>KV bytes of a sequence, far more than any request needs at one byte a token.</summary>
    public const long KvPerSequence = 1 << 20;

    /// <param name="most">What it may be scaled to, and what baselines must fit; null for what runs.</param>
    public static PoolSettings Of(int replicas, int sequences, long tokensPerSecond, AdmissionPolicy policy, double lending, int? most = null) => new(
        "simulated", replicas, new(tokensPerSecond, sequences * KvPerSequence, sequences), KvBytesPerToken: 1, DefaultMaxOutputTokens: 64,
        BurstSeconds: 10, LeaseSeconds: 300, TickMs: 1000, new(MinReplicas: 0, most ?? replicas, 0.8), policy, Shadow: false, lending);
}

/// <summary>The admission policies by their wire names.</summary>
internal static class Policies
{
    /// <summary>What a pool lends of idle guaranteed baselines in the experiments that do not vary it.</summary>
    public const double DefaultLending = 0.9;

    public static readonly AdmissionPolicy[] All = [AdmissionPolicy.AdmitAll, AdmissionPolicy.RateLimit, AdmissionPolicy.Threshold, AdmissionPolicy.WeightedShare];

    public static string Word(AdmissionPolicy policy) => WordConverter<AdmissionPolicy>.Word(policy);
}
