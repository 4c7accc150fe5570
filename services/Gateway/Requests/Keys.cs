using TokenLedger.Gateway.Ledger;
using TokenLedger.Hosting.Access;

namespace TokenLedger.Gateway.Requests;

/// <summary>Finds whom a request belongs to. A key comes in a header; one in the address would stand in every log on the way.</summary>
internal sealed class Keys(DirectoryFollower directory)
{
    private const string Bearer = "Bearer ";
    private const int LongestKey = 256;

    public async ValueTask<(InferenceKey? Key, Refusal? Refusal)> FindInferenceAsync(HttpRequest request, Api api, CancellationToken ct)
    {
        var (key, refusal) = Read(request, api);
        if (refusal is not null) return (null, refusal);
        return await directory.FindCallerAsync(ApiKeys.Hash(key), ct) switch
        {
            InferenceCaller caller => (new(key, caller), null),
            null => (null, Unknown("This key is not known, or not any more.")),
            _ => (null, new(StatusCodes.Status403Forbidden, "entitlement-unknown", "An operator key belongs to no entitlement: use an inference key.")),
        };
    }

    /// <summary>Whoever the key belongs to, an operator as well.</summary>
    public async ValueTask<(Caller? Caller, Refusal? Refusal)> FindCallerAsync(HttpRequest request, Api api, CancellationToken ct)
    {
        var (key, refusal) = Read(request, api);
        if (refusal is not null) return (null, refusal);
        return await directory.FindCallerAsync(ApiKeys.Hash(key), ct) is { } caller ? (caller, null) : (null, Unknown("This key is not known, or not any more."));
    }

    private static (string Key, Refusal? Refusal) Read(HttpRequest request, Api api)
    {
        if (WrittenKeys.In(request.Path.Value + request.QueryString.Value)) return ("", new(StatusCodes.Status400BadRequest, "key-in-address", WrittenKeys.Advice));
        var header = request.Headers.Authorization.ToString();
        if (header.Length == 0 && api == Api.Messages && request.Headers["x-api-key"].ToString() is { Length: > 0 } own) header = Bearer + own;
        if (header.Length == 0) return ("", Unknown(api == Api.Messages ? "Send 'x-api-key: <key>'." : "Send 'Authorization: Bearer <key>'."));
        if (!header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) || header.Length > Bearer.Length + LongestKey)
            return ("", Unknown("The Authorization header is not 'Bearer <key>'."));
        return (header[Bearer.Length..].Trim(), null);
    }

    private static Refusal Unknown(string detail) => new(StatusCodes.Status401Unauthorized, "key-unknown", detail);
}
