using TokenLedger.Contracts;

namespace TokenLedger.Core.Pools;

/// <summary>
/// The order in which waiting requests get capacity (domain.md §5.1): each order gives a request a key, the lowest goes first, and among equals the one that came first.
/// No key depends on the time at which it is asked for, so that two requests change places only when a weight does.
/// </summary>
public static class WaitingOrder
{
    /// <summary>Ageing (DriftSched, arXiv 2606.02982): tier − 0.01 · seconds waited, so that a tier is worth 100 s.</summary>
    private const long MicrosPerTier = 100_000_000;

    /// <summary>Weight over cost: doublings of weight ÷ tokens are worth a second each, so that whoever waits passes, in time, whatever comes later.</summary>
    private const long MicrosPerDoubling = 1_000_000;

    // Five tenths, three tenths and two tenths, as evenly spread as ten places allow.
    private static readonly int[] s_cycle = [0, 1, 0, 2, 0, 1, 0, 1, 0, 2];

    /// <summary>The number of turns in the weighted cycle.</summary>
    public static int Turns => s_cycle.Length;

    /// <summary>The tiers of the weighted cycle and of ageing: with a reserved baseline, elastic, surplus only.</summary>
    public static int TierOf(ServiceClass serviceClass) => serviceClass switch
    {
        ServiceClass.Dedicated or ServiceClass.Guaranteed => 0,
        ServiceClass.Elastic => 1,
        _ => 2,
    };

    /// <summary>The first turn of a tier in the weighted cycle, from a turn on; turns are numbered on through the cycles.</summary>
    public static int NextTurn(int tier, int from)
    {
        while (s_cycle[from % Turns] != tier) from++;
        return from;
    }

    /// <summary>The key of a request in every order but the weighted cycle, where its place depends on the others of its tier.</summary>
    /// <param name="tokens">Its expected tokens.</param>
    /// <param name="since">Since when it waits.</param>
    public static long KeyOf(QueueOrder order, ServiceClass serviceClass, double weight, long tokens, DateTimeOffset since) => order switch
    {
        QueueOrder.StrictPriority => (long)serviceClass,
        QueueOrder.ShortestJob => tokens,
        // tier − 0.01·(now − since) sorts as tier·100 s + since.
        QueueOrder.Ageing => Micros(since) + TierOf(serviceClass) * MicrosPerTier,
        // (weight ÷ tokens) · 2^((now − since) ÷ 1 s), largest first, sorts as since + 1 s · log2(tokens ÷ weight).
        QueueOrder.WeightOverCost => Micros(since) + (long)Math.Round(MicrosPerDoubling * Math.Log2(Math.Max(1, tokens) / weight)),
        _ => 0,
    };

    private static long Micros(DateTimeOffset at) => at.UtcTicks / TimeSpan.TicksPerMicrosecond;
}
