using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>Ready replicas · KV cache in use ÷ target utilisation, when more than 90 % has been in use for a quarter of a minute.</summary>
internal static class KvReactive
{
    public const double High = 0.9;

    public static ScalingClaim? Of(ScalingCase c) => c.Seen.KvCacheUsage is not { } usage ? null
        : new(ScalingSignal.KvReactive, c.Now - c.Memory.KvHighSince >= ScalingCase.Sustained ? c.Ready * usage * c.PayingShare / c.Target : 0,
            new("usage", usage), new("readyReplicas", c.Ready), new("payingShare", c.PayingShare));
}

/// <summary>Little's law: requests/s · mean time held · KV bytes of a request ÷ (KV bytes of a replica · target utilisation).</summary>
internal static class KvForecast
{
    public static ScalingClaim? Of(ScalingCase c)
    {
        if (c.LedgerMissing || c.HoldSeconds is not { } hold || c.Recent.Requests == 0) return null;
        var bytes = (double)c.Recent.Tokens / c.Recent.Requests * c.Settings.KvBytesPerToken;
        return new(ScalingSignal.KvForecast, c.RequestsPerSecond * hold * bytes / (c.One.KvCacheBytes * c.Target),
            new("requestsPerSecond", c.RequestsPerSecond), new("holdSeconds", hold), new("kvCacheBytesPerRequest", bytes));
    }
}
