using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TokenLedger.Contracts;

/// <summary>
/// Event ids derived from the key of the fact they record, so that the ledger's unique index on the id keeps a fact from being recorded twice,
/// and finds it again, for ever. Name-based UUIDs of version 8 (RFC 9562 §5.8): the first 128 bits of SHA-256 over the parts, each preceded by its length.
/// </summary>
public static class EventIds
{
    /// <summary>Sources and correction ids that begin so are the product's own.</summary>
    public const string OwnPrefix = "tokenledger:";

    /// <summary>The source of usage that is recorded because a lease ran out.</summary>
    public const string LostEndSource = OwnPrefix + "lease-expired";

    private const int UsualBytes = 512;
    private const int MostLengthBytes = 11; // The digits of the largest int and the colon.

    public static Guid Admission(PoolId pool, RequestId request) => FromKey("admission", pool.Value, request.ToString());

    /// <summary>Of any event that was reported under this source and id, whether an end or an interim report.</summary>
    public static Guid Usage(string source, string eventId) => FromKey("usage", source, eventId);

    /// <summary>Of the usage recorded for a request whose end was never reported: there is one at most, whoever records it.</summary>
    public static Guid LostEnd(RequestId request) => Usage(LostEndSource, request.ToString());

    public static Guid Correction(string correctionId) => FromKey("correction", correctionId);

    public static Guid PeriodClosed(string period) => FromKey("period", period);

    public static Guid Statement(TenantId tenant, string period) => FromKey("statement", tenant.Value, period);

    public static Guid Budget(PoolId pool, EntitlementId entitlement, string month, EntitlementBudget budget, int percent)
    {
        ArgumentNullException.ThrowIfNull(budget);
        return FromKey("budget", pool.Value, entitlement.Value, month, budget.MonthlyTokens.ToString(CultureInfo.InvariantCulture), budget.HardStop ? "stop" : "go on", percent.ToString(CultureInfo.InvariantCulture));
    }

    private static Guid FromKey(params ReadOnlySpan<string> parts)
    {
        var most = 0;
        foreach (var part in parts) most += MostLengthBytes + Encoding.UTF8.GetMaxByteCount(part.Length);
        Span<byte> text = most <= UsualBytes ? stackalloc byte[UsualBytes] : new byte[most];
        var end = 0;
        foreach (var part in parts)
        {
            part.Length.TryFormat(text[end..], out var digits, default, CultureInfo.InvariantCulture);
            text[end + digits] = (byte)':';
            end += digits + 1;
            end += Encoding.UTF8.GetBytes(part, text[end..]);
        }
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..end], hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}

/// <summary>Names of the streams. Each has one writing service.</summary>
public static class Streams
{
    public const string PoolPrefix = "pool-";
    public const string FleetPrefix = "fleet-";
    public const string Operators = "operators";
    public const string Prices = "usage-_prices";
    public const string Periods = "usage-_periods";
    public const string Budgets = "usage-_budgets";
    public const string Statements = "usage-_statements";

    public static string Pool(PoolId pool) => PoolPrefix + pool.Value;
    public static string Usage(PoolId? pool) => pool is { } known ? "usage-" + known.Value : "usage";
    public static string Fairness(PoolId pool) => "fairness-" + pool.Value;
    public static string Fleet(PoolId pool) => FleetPrefix + pool.Value;
}
