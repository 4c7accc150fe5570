using TokenLedger.Gateway.Ledger;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Gateway.Requests;

/// <summary>Finds whom a request belongs to. A key comes in a header; one in the address would stand in every log on the way.</summary>
internal sealed class Keys(DirectoryFollower directory)
{
    private const string Bearer = "Bearer ";
    private const int LongestKey = 256;

    public async ValueTask<(InferenceKey? Key, Refusal? Refusal)> FindAsync(HttpRequest request, Api api, CancellationToken ct)
    {
        if (KeysInAddress.AreIn(request.Query)) return (null, new(StatusCodes.Status400BadRequest, "key-in-address", KeysInAddress.Advice));
        var header = request.Headers.Authorization.ToString();
        if (header.Length == 0 && api == Api.Messages && request.Headers["x-api-key"].ToString() is { Length: > 0 } own) header = Bearer + own;
        if (header.Length == 0) return (null, new(StatusCodes.Status401Unauthorized, "key-unknown", api == Api.Messages ? "Send 'x-api-key: <key>'." : "Send 'Authorization: Bearer <key>'."));
        if (!header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) || header.Length > Bearer.Length + LongestKey)
            return (null, new(StatusCodes.Status401Unauthorized, "key-unknown", "The Authorization header is not 'Bearer <key>'."));
        var key = header[Bearer.Length..].Trim();
        return await directory.FindCallerAsync(ApiKeys.Hash(key), ct) switch
        {
            InferenceCaller caller => (new(key, caller), null),
            null => (null, new(StatusCodes.Status401Unauthorized, "key-unknown", "This key is not known, or not any more.")),
            _ => (null, new(StatusCodes.Status403Forbidden, "entitlement-unknown", "An operator key belongs to no entitlement: use an inference key.")),
        };
    }
}
