using Microsoft.AspNetCore.Http;

namespace TokenLedger.Hosting.Access;

/// <summary>Keys come in headers; one in the address would stand in every log on the way.</summary>
public static class KeysInAddress
{
    /// <summary>What whoever sent one is told.</summary>
    public const string Advice = "Keys are taken from headers only. This one has been in an address: revoke it.";

    private static readonly HashSet<string> s_names = new(StringComparer.OrdinalIgnoreCase) { "key", "api_key", "api-key", "apikey", "x-api-key", "access_token", "token", "authorization" };

    /// <summary>Whether a query holds something that is, or is named as, a key.</summary>
    public static bool AreIn(IQueryCollection query)
    {
        ArgumentNullException.ThrowIfNull(query);
        foreach (var (name, value) in query)
            if (s_names.Contains(name) || value.Any(text => text is not null && (text.StartsWith("tli_", StringComparison.Ordinal) || text.StartsWith("tlo_", StringComparison.Ordinal))))
                return true;
        return false;
    }
}
