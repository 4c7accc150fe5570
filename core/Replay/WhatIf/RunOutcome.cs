using TokenLedger.Contracts;

namespace TokenLedger.Core.Replay;

/// <summary>Share of a capacity in use: over the whole window, and where it was largest.</summary>
public readonly record struct Utilisation(double Mean, double Peak);

/// <summary>One entitlement in a window. Jain's index is over received ÷ asked for.</summary>
public sealed record EntitlementOutcome(EntitlementId Entitlement, ServiceClass ServiceClass, long Admitted, long Refused, long AskedTokens, long ReceivedTokens, double DebtAtEnd);

/// <summary>The most sequences held in one interval, and the capacity at its end.</summary>
public readonly record struct TimelinePoint(DateTimeOffset At, int Sequences, int Capacity);

/// <summary>What came of the demand of a window.</summary>
/// <param name="Attempts">Times that admission was asked for and answered.</param>
/// <param name="ShadowDenied">Admitted in shadow mode though a rule would have refused them.</param>
/// <param name="Served">Requests that ended with known usage.</param>
/// <param name="TokensServed">What those used, input and output.</param>
/// <param name="Tokens">Tokens used by what ended, over the pool's rate; its peak is that of one interval.</param>
public sealed record RunOutcome(
    long Attempts, long Admitted, long Refused, IReadOnlyDictionary<string, long> RefusedByReason, long ShadowDenied, long Served, long TokensServed, long Released, long Expired, long Evicted,
    Utilisation Tokens, Utilisation KvCacheBytes, Utilisation Sequences, double JainIndex, IReadOnlyList<EntitlementOutcome> Entitlements,
    TimeSpan Interval, IReadOnlyList<TimelinePoint> Timeline);
