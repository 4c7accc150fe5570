using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>Σ reserved baselines ÷ one replica, in the dimension that needs the most: what is in force now or will be when a replica that is started now serves.</summary>
internal static class Promised
{
    public static ScalingClaim Of(ScalingCase c)
    {
        var promised = c.State.PromisedAt(c.Now, c.Now.AddSeconds(c.Rules.StartUpSeconds));
        return new(ScalingSignal.Promised, Replicas(promised, c.One),
            new("tokensPerSecond", promised.TokensPerSecond), new("kvCacheBytes", promised.KvCacheBytes), new("sequences", promised.Sequences));
    }

    public static double Replicas(Capacity promised, Capacity one) => Math.Max(
        Math.Max((double)promised.TokensPerSecond / one.TokensPerSecond, (double)promised.KvCacheBytes / one.KvCacheBytes), (double)promised.Sequences / one.Sequences);
}
