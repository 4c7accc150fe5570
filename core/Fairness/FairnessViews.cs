using TokenLedger.Contracts;
using TokenLedger.Contracts.Http;

namespace TokenLedger.Core.Fairness;

/// <summary>Fairness of a pool as the API shows it, now or as it was.</summary>
public static class FairnessViews
{
    /// <param name="position">Ledger position that the view is true at.</param>
    public static FairnessView Of(FairnessState state, long position)
    {
        ArgumentNullException.ThrowIfNull(state);
        return new(state.Pool.Id, position, state.TickedAt, Jain(state.Latest), [.. state.Latest.OrderBy(s => s.Entitlement.Value, StringComparer.Ordinal)]);
    }

    /// <summary>Jain's index over received ÷ asked for, of those who asked.</summary>
    public static double Jain(IEnumerable<FairnessShare> shares) =>
        FairnessDecisions.JainIndex(shares.Where(s => s.DemandTokens > 0).Select(s => (double)Math.Max(0, s.ReceivedTokens) / s.DemandTokens));
}
