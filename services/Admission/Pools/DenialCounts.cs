using TokenLedger.Contracts;

namespace TokenLedger.Admission.Pools;

/// <summary>Bounds how many refusals a pool lists in a second. The rest are counted and recorded with the batch that refused them, before anyone is answered.</summary>
internal sealed class DenialCounts(PoolId pool, int listedPerSecond)
{
    private readonly Dictionary<(EntitlementId, DenialReason), (long Requests, long Tokens)> _counts = [];
    private long _second;
    private int _listed;

    /// <summary>True when the refusal may be listed; else it has been counted.</summary>
    public bool MayList(RequestDenied denied, DateTimeOffset now)
    {
        if (now.ToUnixTimeSeconds() is var second && second != _second) (_second, _listed) = (second, 0);
        if (_listed < listedPerSecond)
        {
            _listed++;
            return true;
        }
        var (requests, tokens) = _counts.GetValueOrDefault((denied.Entitlement, denied.Reason));
        _counts[(denied.Entitlement, denied.Reason)] = (requests + 1, tokens + denied.Tokens);
        return false;
    }

    public RequestsDenied? Flush()
    {
        if (_counts.Count == 0) return null;
        var counts = _counts.Select(c => new DeniedCount(c.Key.Item1, c.Key.Item2, c.Value.Requests, c.Value.Tokens)).ToList();
        Clear();
        return new(pool, counts);
    }

    public void Clear() => _counts.Clear();
}
