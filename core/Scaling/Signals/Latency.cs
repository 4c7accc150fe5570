using TokenLedger.Contracts;

namespace TokenLedger.Core.Scaling;

/// <summary>
/// Ready replicas · latency ÷ target, doubled at the most, when the engines' quantile has been above its target for a quarter of a minute and what was asked for last has had the time to serve:
/// else the latency of one shortage would ask again and again for what is on its way.
/// </summary>
internal static class Latency
{
    private const double Most = 2;

    public static ScalingClaim? FirstToken(ScalingCase c) => Of(c, ScalingSignal.TimeToFirstToken, c.Seen.TimeToFirstTokenSeconds, c.Rules.TimeToFirstTokenTargetMs, c.Memory.FirstTokenLateSince);

    public static ScalingClaim? BetweenTokens(ScalingCase c) => Of(c, ScalingSignal.InterTokenLatency, c.Seen.InterTokenSeconds, c.Rules.InterTokenTargetMs, c.Memory.InterTokenLateSince);

    private static ScalingClaim? Of(ScalingCase c, ScalingSignal signal, double? seconds, int targetMs, DateTimeOffset? since) => targetMs == 0 || seconds is not { } latency ? null
        : new(signal, c.Now - since >= ScalingCase.Sustained && c.HasSettled ? c.Ready * Math.Min(Most, latency * 1_000 / targetMs) : 0, new("seconds", latency), new("targetSeconds", targetMs / 1_000.0), new("readyReplicas", c.Ready));
}
